import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** A made-up index that is being made: a user every two seconds, unless it is paused; a changed setting begins anew. */
const MB = 1024 * 1024
const TOTAL = 24
const EACH_S = 2
const PAGE = 'service.search'
let done = 9
let began = NOW()
let paused = false
let wanted = ''

function facts(): Record<string, unknown> {
  const page = state.settings[PAGE] ?? {}
  const now = JSON.stringify(page)
  if (wanted && wanted !== now) [done, began] = [0, NOW()]
  wanted = now
  const off = page.enabled === false
  if (!off && !paused) {
    const more = Math.min(TOTAL - done, Math.floor((NOW() - began) / EACH_S))
    done += more
    began += more * EACH_S
  }
  const ready = done === TOTAL
  const users = off ? 0 : done
  return {
    state: off ? 'off' : paused ? 'paused' : ready ? 'ready' : 'indexing',
    users_done: users,
    users_total: TOTAL,
    messages: users * 4_211,
    bytes: users * 3.1 * MB,
    current: off || paused || ready ? null : { user: 'chloe', folder: 'Archive/2025', messages: 12_840 },
    failed: [],
    ready: ready && !off ? NOW() - 3_600 : null,
  }
}

function pause({ body }: Call): Reply {
  facts()
  paused = body.paused === true
  began = NOW()
  setTimeout(() => tell('change', { kind: 'search', id: 1 }), 50)
  return { json: facts() }
}

export const SEARCH_ROUTES: [RegExp, string, (call: Call) => Reply][] = [
  [/^search-index$/, 'GET', () => ({ json: facts() })],
  [/^search-index$/, 'POST', pause],
]
