import type { Change, Difference } from '../types'

/** What a file with the whole configuration would change, and where it is from. */
export interface Brought extends Difference {
  revision: number
  file: {
    made_by: string
    server: string
    date: string
    revision: number
    secrets: 'omitted' | 'sealed'
    opened: boolean
  }
  here: { made_by: string; server: string }
  told: { field: string; text: string }[]
  machine: (Change & { taken: boolean })[]
}

export const FILE_MB_MAX = 8
