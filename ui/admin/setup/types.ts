/** The shapes of api/setup*, as the OpenAPI document tells them. */
export interface Answers {
  start: string
  account_type: string
  interface: string
  domain: string
  hostname: string
  volume: string
  public_address: string
}

export type Field = keyof Answers

export interface Choices {
  starts: { id: string; ready: boolean }[]
  account_types: { id: string; ready: boolean }[]
  interfaces: {
    id: string
    title: string
    addresses: string[]
    dynamic: boolean | null
    up: boolean
  }[]
  volumes: {
    id: string
    title: string
    free_mb: number
    total_mb: number
    current: boolean
    writable: boolean
  }[]
}

export interface Job {
  state: 'running' | 'done' | 'failed'
  step: string | null
  steps: { id: string; state: 'waiting' | 'running' | 'done' | 'failed' }[]
  problem: { message: string; next?: string; field?: string } | null
}

export interface SetupFacts {
  finished: boolean
  revision: number
  step: string
  answers: Partial<Answers>
  choices: Choices
  job: Job | null
}

export interface Remark {
  level: 'ok' | 'advice' | 'problem'
  code: string
  text: string
  next?: string
  values?: Record<string, string | number>
}

export type Remarks = Partial<Record<Field, Remark[]>>

export interface TestMail {
  state: 'waiting' | 'arrived' | 'failed'
  text: string
  next?: string
  seconds: number
  message_id: string
}
