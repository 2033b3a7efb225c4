/** One certificate of a chain, as people know it. */
export interface Step {
  name: string
  issuer: string
  ends: number
}

export interface Certificate {
  id: string
  source: 'self_signed' | 'uploaded' | 'acme' | ''
  time: number
  who: string
  state: 'ended' | 'not_yet' | 'other_name' | 'soon' | 'own' | 'valid'
  names: string[]
  issuer: string
  begins: number
  ends: number
  days: number
  key: string
  chain: Step[]
  fingerprint: string
}

export interface Certificates {
  hostname: string
  current: Certificate | null
  earlier: Certificate[]
  services: { service: string; port: number }[]
}

/** What a certificate that is brought says, before it is put in force. */
export interface Judged {
  names: string[]
  issuer: string
  ends: number
  chain: Step[]
  warnings: string[]
}

/** How bad each state is. */
export const KIND = {
  ended: 'bad',
  not_yet: 'bad',
  other_name: 'bad',
  soon: 'warn',
  own: 'warn',
  valid: 'good',
} as const

/** How getting a certificate by itself goes; times are 0 for never. */
export interface Acme {
  enabled: boolean
  names: string[]
  due: number
  tried: number
  ok: boolean
  text: string
  next: string
  failures: number
}
