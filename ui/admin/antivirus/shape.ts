import type { Finding } from '../server/types'

/** The virus definitions, as the OpenAPI document tells them; times in seconds since the epoch, 0 for never. */
export interface Definitions {
  state: 'current' | 'old' | 'absent'
  limited: boolean
  version: string | null
  definitions_date: number | string | null
  files: {
    name: string
    version: string
    signatures: number
    built: number
    downloaded: number
    bytes: number
  }[]
  engine: { answers: boolean; version: string; definitions: string; asked: number }
  auto: boolean
  updating: number
  due: number
  tried: number
  ok: boolean
  text: string
  next: string
  failures: number
  checked: number
  changed: number
  memory: { engine_mb: number; total_mb: number; enough: boolean }
}

export const KINDS = { current: 'good', old: 'warn', absent: 'warn' } as const

/** What a finding's button does here and now. */
export const updates = (finding: Finding): boolean => finding.action === 'definitions.update'
