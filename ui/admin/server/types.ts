import type { Definitions } from '../antivirus/shape'

/** The shapes of the server's state, as the OpenAPI document tells them. */
export type DaemonState = 'running' | 'limited' | 'starting' | 'abnormal' | 'disabled'

export interface DaemonFacts {
  id: string
  title: string
  program: string
  state: DaemonState
  pid: number | null
  memory_mb: number
  since: number | null
  why: string
  next: string
  note: string
  /** The latest end that nobody asked for, and how many in the last ten minutes. */
  ended: { time: number; exit_code: number | null; signal: string | null } | null
  ends: number
  log_line: string
  cost: { memory_mb: number; highest_mb: number; measured: number } | null
}

export type Severity = 'problem' | 'attention' | 'note'

export interface Finding {
  id: string
  severity: Severity
  title: string
  text: string
  next: string
  /** Where the window helps: MENU/TAB, log/DAEMON, or nothing. */
  go: string
  since: number | null
  /** What the window can do about it at once: `definitions.update`, or nothing. */
  action: string
}

export interface Volume {
  holds: ('mail' | 'data')[]
  used_mb: number
  free_mb: number
  total_mb: number
}

export interface ServerFacts {
  health: { state: 'healthy' | 'attention' | 'problem'; title: string; text: string; next?: string }
  problems: Finding[]
  daemons: DaemonFacts[]
  memory: { used_mb: number; total_mb: number }
  volumes: Volume[]
  today: { received: number; sent: number; blocked: number }
  queue: number
  antivirus: Pick<Definitions, 'state' | 'version' | 'definitions_date'>
}

export interface Sample {
  time: number
  cpu_percent: number | null
  memory_used_mb: number | null
  rx_bytes_s: number | null
  tx_bytes_s: number | null
  disk_used_mb: number | null
  disk_total_mb: number | null
  disk_read_bytes_s: number | null
  disk_write_bytes_s: number | null
  queue: number | null
}

export interface HistoryFacts {
  columns: (keyof Sample)[]
  fine: { every_s: number; rows: (number | null)[][] }
  coarse: { every_s: number; rows: (number | null)[][] }
  memory_total_mb: number
}

export interface LogLine {
  time: number | null
  text: string
}

/** A step until mail comes and goes. done: null where it cannot be told; time: of when that is, in seconds. */
export interface Step {
  id: string
  title: string
  text: string
  done: boolean | null
  time: number | null
  go: string
}

export interface LeftToDo {
  steps: Step[]
  done: number
  total: number
}
