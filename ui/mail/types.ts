/** The shapes of the portal's API, as its OpenAPI document tells them. */
export interface Person {
  name: string
  address: string
}

export interface Session {
  user: string
  address: string
  full_name: string
  csrf: string
}

export type FolderUse = 'inbox' | 'drafts' | 'sent' | 'junk' | 'trash' | 'archive' | ''

export interface Folder {
  id: string
  name: string
  use: FolderUse
  unread: number
  total: number
  next_uid: number
  depth: number
}

export interface Row {
  uid: number
  from: Person
  to: Person[]
  subject: string
  date: string
  seen: boolean
  flagged: boolean
  answered: boolean
  attachments: boolean
  size: number
  preview: string
}

export interface Attachment {
  part: string
  name: string
  type: string
  size: number
}

export interface Message {
  uid: number
  from: Person
  to: Person[]
  cc: Person[]
  reply_to: Person[]
  subject: string
  date: string
  message_id: string
  seen: boolean
  flagged: boolean
  answered: boolean
  remote_images: boolean
  /** Fields that it has several times, of which the first is shown. */
  repeated: string[]
  /** Whether its text is too long to be shown whole; then it is among the attachments. */
  truncated: boolean
  attachments: Attachment[]
  /** Its own pictures that its text shows. */
  pictures: Attachment[]
  text: string
}

export type Flag = 'seen' | 'flagged' | 'answered'
