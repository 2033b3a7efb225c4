import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** Made-up virus definitions: absent on a broken server until somebody updates them, which takes some seconds. */
const DAY_S = 86_400
const TAKES_S = 4
let fetched = 0
let began = 0

function facts(): Record<string, unknown> {
  if (began && NOW() - began >= TAKES_S) [fetched, began] = [NOW(), 0]
  if (state.health !== 'problem') fetched = 0
  const broken = state.health === 'problem' && !fetched
  const at = fetched || NOW() - 0.4 * DAY_S
  const file = (name: string, version: string, signatures: number, age: number, bytes: number) => ({
    name,
    version,
    signatures,
    built: at - age * DAY_S,
    downloaded: at,
    bytes,
  })
  const failed = broken && !began
  return {
    state: broken ? 'absent' : 'current',
    limited: broken,
    version: broken ? null : '27421',
    definitions_date: broken ? null : at - 0.3 * DAY_S,
    files: broken
      ? []
      : [
          file('daily', '27421', 2_075_412, 0.3, 61_000_000),
          file('main', '62', 6_647_427, 1_900, 162_000_000),
          file('bytecode', '335', 80, 600, 280_000),
        ],
    engine: { answers: true, version: '1.4.6', definitions: broken ? '' : '27421', asked: NOW() - 8 },
    auto: true,
    updating: began,
    due: NOW() + 0.5 * DAY_S,
    tried: NOW() - 0.4 * DAY_S,
    ok: !broken,
    text: failed ? 'The mirror does not answer.' : '',
    next: failed ? "Check this NAS's internet connection and its DNS servers." : '',
    failures: failed ? 3 : 0,
    checked: broken ? 0 : at,
    changed: broken ? 0 : at,
    memory: { engine_mb: 1200, total_mb: 3_900, enough: true },
  }
}

function update(): Reply {
  began = NOW()
  setTimeout(() => tell('change', { kind: 'definitions', id: 1 }), TAKES_S * 1000 + 50)
  return { json: facts() }
}

export const DEFINITIONS_ROUTES: [RegExp, string, (call: Call) => Reply][] = [
  [/^definitions$/, 'GET', () => ({ json: facts() })],
  [/^definitions\/update$/, 'POST', update],
]
