/** The shapes of the two checks, as the OpenAPI document tells them. */
export type CheckState = 'problem' | 'advice' | 'unknown' | 'not_set_up' | 'right'
/** The worst first. */
export const STATES: CheckState[] = ['problem', 'advice', 'unknown', 'not_set_up', 'right']

export interface CheckItem {
  id: string
  group: string
  title: string
  /** Where the window helps: MENU/TAB, or nothing. */
  go: string
  /** What the server calls the settings page there. */
  go_title: string
  /** The additional domain that it is about; of the main one and of the server: nothing. */
  domain: string
  state: CheckState
  text: string
  next: string
  found: string[]
  expected: string
  record: { type: string; name: string; value: string; priority: number | null } | null
  since: number
}

export type Counts = { [state in CheckState]: number }

export interface CheckResult {
  time: number
  seconds: number
  domain: string
  hostname: string
  address: string
  counts: Counts
  items: CheckItem[]
}

export interface FormerCheck {
  time: number
  counts: Counts
  changed: { id: string; title: string; domain: string; state: CheckState }[]
}

export interface Suggestion {
  page: string
  key: string
  title: string
  page_title: string
  menu: string
  tab: string
  value: unknown
  suggested: unknown
  effect: string
}

export interface Suggestions {
  revision: number
  compared: number
  differences: Suggestion[]
}
