import type { SettingsSchema, Values } from '../forms/schema'

/** The shapes of the window's API, as its OpenAPI document tells them. */
export interface Session {
  user: string
  admin: boolean
  version: string
  domain: string
  hostname: string
  activation: { command: string; title: string; text: string } | null
  portal: string
}

export interface PageEntry {
  id: string
  title: string
  menu: string
  tab: string
}

export interface SettingsIndex {
  revision: number
  /** An Apply is under way. */
  applying: boolean
  pages: PageEntry[]
}

export interface PageFacts {
  revision: number
  schema: SettingsSchema
  values: Values
  defaults: Values
}

export interface Change {
  page: string
  key: string
  title: string
  old: unknown
  new: unknown
  items?: ItemChange[]
  moved?: boolean
  /** How many more items differ than are told. */
  more?: number
}

/** One item of a list setting that was added (no old), removed (no new) or changed. */
export interface ItemChange {
  id: string
  name: string
  old: Record<string, unknown> | null
  new: Record<string, unknown> | null
}

export interface StaleChange extends Change {
  theirs: unknown
  who: string
  when: number
  yours?: unknown
}

/** What is allowed, but may not be meant. */
export interface Warning {
  field: string
  text: string
}

export interface Difference {
  settings: Change[]
  files: { path: string; diff: string }[]
  warnings?: Warning[]
  rendered_differently?: string[]
}

export interface Applied {
  revision: number
  changed: Change[]
  reloaded: string[]
  warnings?: Warning[]
  took_ms: number
}

export interface RevisionFacts {
  revision: number
  when: number
  who: string
  where: string
  note: string
  changes: Change[]
}

export type Choice = 'activate' | 'deactivate' | null

export interface User {
  name: string
  full_name: string
  address: string
  choice: Choice
  active: boolean
  info: 'activated' | 'waiting' | 'not_activated'
  status: 'normal' | 'deactivated' | 'unsupported'
  why: string
  admin: boolean
}

export interface Users {
  total: number
  seats: { total: number; used: number; unused: number }
  users: User[]
}

export interface SeatPreview {
  seats: { total: number; used_before: number; used_after: number }
  users: { name: string; before: User['info']; after: User['info']; why: string }[]
}

export interface SyncFacts {
  state: 'never' | 'ok' | 'refused' | 'unreachable'
  last: number | null
  why?: string
  refused?: { reason: string; would_drop: string[] }
}

export interface Licences {
  licences: {
    key: string
    quantity: number
    activated: string | number
    expiry: string | null
    status: string
  }[]
  total: number
  used: number
  unused: number
}

export interface MessageSummary {
  id: string
  time: number
  sender: string
  recipients: string[] | string
  size: number
  verdict: string
  queue_id: string
  login: string
  client: string
  status: string
  /** How many recipients are in which state. */
  counts: { state: string; recipients: number }[]
}

/** A sentence of the server, and its times in seconds since the epoch. */
export interface Answered {
  text: string
  since: number | null
  next_try: number | null
  time: number | null
}

export interface Delivery extends Answered {
  address: string
  original: string
  state: string
  queue_id: string
}

export interface CheckFacts {
  check: string
  title: string
  result: string
  score: number | null
  detail: string
  setting: string
  ms: number
}

export interface MessageRecord extends Omit<MessageSummary, 'recipients' | 'counts'> {
  recipients: { address: string; refusal: string }[]
  client_name: string
  helo: string
  tls: string
  message_id: string
  answer: Answered
  deliveries: Delivery[]
  told?: string[]
  reply: string
  explain: string[]
  checks: CheckFacts[]
}

export interface Ban {
  kind: string
  value: string
  failures: number
  until: number
}
