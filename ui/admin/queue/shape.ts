/** The shapes of the queue, as the OpenAPI document tells them. */
export interface WaitingMessage {
  id: string
  state: 'waiting' | 'on_hold' | 'active'
  since: number
  size: number
  sender: string
  recipients: { address: string; words: string }[]
  more_recipients: number
  reason: string
  words: string
  next_try: number | null
  expires: boolean
}

export interface Waiting {
  time: number
  total: number
  found: number
  read: number
  messages: WaitingMessage[]
}

export interface Done {
  done: string[]
  gone: string[]
  without_sender?: string[]
}

export type Action = 'retry' | 'hold' | 'release' | 'return' | 'delete'

export const STATES = { waiting: 'warn', on_hold: 'idle', active: 'good' } as const
