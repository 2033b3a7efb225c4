import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** A made-up server: its machine's last hour, its functions, their logs. state.health: healthy, problem or empty. */
type Facts = Record<string, unknown>
const MEMORY_MB = 7_820
const DISK_MB = 3_800_000
const RESTART_MS = 2_500
const COLUMNS = [
  'time', 'cpu_percent', 'memory_used_mb', 'rx_bytes_s', 'tx_bytes_s', 'disk_used_mb', 'disk_total_mb',
  'disk_read_bytes_s', 'disk_write_bytes_s', 'queue',
] // prettier-ignore

/** The same at the same moment, so that pictures can be compared; some of everything. */
function row(time: number): number[] {
  const slow = Math.sin(time / 40)
  const quick = Math.sin(time / 7) * Math.cos(time / 3)
  const wave = 0.5 + slow / 3 + quick / 6
  return [
    time,
    Math.round(1200 * wave ** 3) / 100 + 3,
    Math.round(2310 + 140 * slow),
    Math.round(420_000 * wave ** 2),
    Math.round(160_000 * (1 - wave) ** 2),
    1_240_000,
    DISK_MB,
    Math.round(90_000 * Math.max(0, quick) ** 4),
    Math.round(310_000 * wave ** 4),
    Math.max(0, Math.round(4 * slow)),
  ]
}

const rows = (count: number, every: number) => {
  const now = Math.floor(NOW() / 2) * 2
  return Array.from({ length: count }, (_, at) => row(now - (count - 1 - at) * every))
}

setInterval(() => {
  if (state.health === 'empty') return
  const told = row(Math.floor(NOW() / 2) * 2)
  tell('sample', Object.fromEntries(COLUMNS.map((name, at) => [name, told[at]])))
}, 2_000).unref()

function history(): Reply {
  const some = state.health !== 'empty'
  return {
    json: {
      columns: COLUMNS,
      fine: { every_s: 2, rows: some ? rows(150, 2) : [] },
      coarse: { every_s: 30, rows: some ? rows(120, 30) : [] },
      memory_total_mb: MEMORY_MB,
    },
  }
}

const DAEMONS: [string, string, string, number, number][] = [
  ['signin', 'Sign-in', 'Mailroom', 19.4, 21.2],
  ['job', 'Settings and accounts', 'Mailroom', 41.8, 44.1],
  ['serve', 'Window and portal', 'Mailroom', 31, 38.5],
  ['resolver', 'DNS resolver', 'Unbound', 14.2, 15.9],
  ['clamd', 'Antivirus engine', 'ClamAV', 1_196, 1_310],
  ['spamd', 'Spam engine', 'SpamAssassin', 168, 172.4],
  ['rspamd', 'Spam engine', 'Rspamd', 0, 0],
  ['filter', 'Mail filter', 'Mailroom', 64, 71],
  ['dovecot', 'IMAP/POP3', 'Dovecot', 18.7, 33],
  ['postfix', 'SMTP', 'Postfix', 26.1, 30.8],
]
/** When each was started, and its process. */
const started: Record<string, { at: number; pid: number }> = Object.fromEntries(
  DAEMONS.map(([id], at) => [id, { at: NOW() - 3_700 * (at + 1), pid: 400 + at }]),
)
const restarting = new Set<string>()

function daemonOf([id, title, program, memory, highest]: (typeof DAEMONS)[number]): Facts {
  const broken = state.health === 'problem' && id === 'clamd'
  const off = id === 'rspamd'
  const starting = restarting.has(id)
  const ended = { time: NOW() - 4, exit_code: null, signal: 'SIGKILL' }
  const earlier = { time: NOW() - 190, exit_code: 75, signal: null }
  return {
    id,
    title,
    program,
    state: off ? 'disabled' : broken ? 'abnormal' : starting ? 'starting' : 'running',
    pid: off || broken ? null : started[id]!.pid,
    memory_mb: off || broken ? 0 : memory,
    since: broken ? NOW() - 4 : started[id]!.at,
    why: broken
      ? 'It was killed, by somebody or because memory ran out. It is being started again.'
      : off
        ? 'Not enabled in the settings.'
        : starting
          ? 'It has been started and has not answered yet.'
          : '',
    next: broken
      ? 'If it does not stay up by itself, read its log. A process that was killed mostly means that the memory ran out.'
      : '',
    note: '',
    ended: broken ? ended : id === 'spamd' && state.health === 'problem' ? earlier : null,
    ends: broken ? 1 : 0,
    log_line: broken ? 'LibClamAV Error: mpool_malloc(): Attempt to allocate 1048576 bytes.' : '',
    cost: off ? null : { memory_mb: memory, highest_mb: highest, measured: NOW() - 6 },
  }
}

const FINDINGS = [
  {
    id: 'daemon-clamd',
    severity: 'problem',
    title: 'Antivirus engine does not run',
    text: 'It was killed, by somebody or because memory ran out. It is being started again.',
    next: 'If it does not stay up by itself, read its log. A process that was killed mostly means that the memory ran out.',
    go: 'log/clamd',
    action: '',
    since: NOW() - 240,
  },
  {
    id: 'definitions',
    severity: 'attention',
    title: 'Virus definitions are old',
    text: 'They are of version 27401; new viruses may not be found.',
    next: 'They come by themselves; update now not to wait.',
    go: 'security/antivirus',
    action: 'definitions.update',
    since: NOW() - 9 * 86_400,
  },
  {
    id: 'queue',
    severity: 'note',
    title: '3 messages wait in the queue',
    text: 'Delivery was tried and is tried again by itself, or somebody holds it.',
    next: 'The queue tells the reason of each.',
    go: 'queue',
    action: '',
    since: null,
  },
]

/** All done: the card has its own test, with a real server. */
const leftToDo = (): Reply => ({ json: { steps: [], done: 0, total: 0 } })

function overview(): Reply {
  const broken = state.health === 'problem'
  const problems = broken ? FINDINGS : []
  return {
    json: {
      health: broken
        ? { ...FINDINGS[0], state: 'problem' }
        : { state: 'healthy', title: 'Healthy', text: 'All services are running.' },
      problems,
      daemons: DAEMONS.map(daemonOf),
      memory: { used_mb: 2310, total_mb: MEMORY_MB },
      volumes: [
        { holds: ['mail'], used_mb: 1_240_000, free_mb: DISK_MB - 1_240_000, total_mb: DISK_MB },
        { holds: ['data'], used_mb: 438_000, free_mb: 38_000, total_mb: 476_000 },
      ],
      today: { received: 8214, sent: 3957, blocked: 1386 },
      queue: 3,
      antivirus: {
        state: broken ? 'old' : 'current',
        version: broken ? '27401' : '27421',
        definitions_date: NOW() - (broken ? 9 * 86_400 : 7200),
      },
      conditions: [],
    },
  }
}

function restart(_: Call, [, id]: string[]): Reply {
  restarting.add(id!)
  started[id!] = { at: NOW(), pid: started[id!]!.pid + 100 }
  tell('change', { kind: 'daemon', id: 1 })
  setTimeout(() => {
    restarting.delete(id!)
    tell('change', { kind: 'daemon', id: 2 })
  }, RESTART_MS)
  return { json: { restarted: id } }
}

const SAID = [
  'mail postfix/smtpd[315]: connect from mx.partner.example[192.0.2.17]',
  'mail postfix/smtpd[315]: 4W17Z: client=mx.partner.example[192.0.2.17]',
  'mail postfix/cleanup[318]: 4W17Z: message-id=<17@partner.example>',
  'mail postfix/qmgr[92]: 4W17Z: from=<sender1@partner1.example>, size=4812, nrcpt=1 (queue active)',
  'mail postfix/lmtp[320]: 4W17Z: to=<user-0001@example.com>, relay=mail[/run/dovecot/lmtp], delay=0.21, status=sent',
  'mail postfix/qmgr[92]: 4W17Z: removed',
]
const line = (at: number) => ({ time: at, text: SAID[Math.abs(Math.floor(at / 3)) % SAID.length]! })

setInterval(() => tell('lines', { lines: [line(NOW())] }), 3_000).unref()

export const SERVER_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^overview$/, 'GET', overview],
  [/^left-to-do$/, 'GET', leftToDo],
  [/^machine\/history$/, 'GET', history],
  [/^daemons\/([^/]+)\/restart$/, 'POST', restart],
  [
    /^daemons\/([^/]+)\/log$/,
    'GET',
    () => ({ json: { lines: Array.from({ length: 120 }, (_, at) => line(NOW() - (120 - at) * 3)) } }),
  ],
]
