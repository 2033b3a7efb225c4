/** One thing that a user has open, as api/sessions tells it. opened: seconds since the epoch, null when not known. */
export interface OpenSession {
  kind: 'portal' | 'window' | 'imap' | 'pop3'
  id: string
  user: string
  opened: number | null
  address: string
  connections: number | null
  current: boolean
}

export interface OpenSessions {
  sessions: OpenSession[]
}
