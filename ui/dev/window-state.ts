import { isEdit, withEdit, type Item } from '../forms/items'
import pages from './pages.json'

/** What the made-up window remembers. */
export type Values = Record<string, unknown>
interface PageFixture {
  title: string
  menu: string
  tab: string
  schema: unknown
  defaults: Values
}
export interface Revision {
  revision: number
  when: number
  who: string
  where: string
  note: string
  changes: { page: string; key: string; title: string; old: unknown; new: unknown }[]
}

export const PAGES = pages as unknown as Record<string, PageFixture>
export const NOW = () => Date.now() / 1000
const START = NOW() - 4 * 86_400
const first = (): Record<string, Values> =>
  Object.fromEntries(Object.entries(PAGES).map(([name, page]) => [name, structuredClone(page.defaults)]))

export const state = {
  admin: true,
  activation: false,
  settings: first(),
  revisions: [
    { revision: 1, when: START, who: 'setup', where: 'setup', note: 'First set-up', changes: [] },
  ] as Revision[],
  choices: { 'user-0002': 'deactivate' } as Record<string, string | null>,
  sync: { state: 'ok', last: START } as Values,
  health: 'healthy',
}
Object.assign(state.settings['mail_delivery.general']!, {
  domain: 'example.com',
  hostname: 'mail.example.com',
})

interface Described {
  title: string
  'x-ui': {
    group: string
    help: string
    parameter: string
    labels?: Record<string, string>
    unit?: string
    widget?: string
  }
}

/** What the search finds. */
export function knownSettings() {
  return Object.entries(PAGES).flatMap(([page, { schema }]) =>
    Object.entries((schema as { properties: Record<string, Described> }).properties).map(([key, one]) => {
      const { group, help, parameter, labels, unit, widget } = one['x-ui']
      return { page, key, title: one.title, group, help, parameter, labels, unit, widget }
    }),
  )
}

/** A setting after a change: of a list the items after an edit. */
export function whole(now: unknown, wanted: unknown): unknown {
  if (!Array.isArray(now) || !isEdit(wanted)) return wanted
  return withEdit(now as Item[], wanted)
}
