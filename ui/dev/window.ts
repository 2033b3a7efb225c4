import { tell, type Api, type Call, type Reply } from './mock'
import pages from './pages.json'

/** A made-up window API with some memory: enough to see every state of every page. */
type Values = Record<string, unknown>
interface PageFixture {
  title: string
  menu: string
  tab: string
  schema: unknown
  defaults: Values
}
interface Revision {
  revision: number
  when: number
  who: string
  where: string
  note: string
  changes: { page: string; key: string; title: string; old: unknown; new: unknown }[]
}

const PAGES = pages as unknown as Record<string, PageFixture>
const NOW = () => Date.now() / 1000
const START = NOW() - 4 * 86_400
const TOTAL_SEATS = 5
const first = (): Record<string, Values> =>
  Object.fromEntries(Object.entries(PAGES).map(([name, page]) => [name, structuredClone(page.defaults)]))

const state = {
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

const revision = () => state.revisions.length
const titleOf = (page: string, key: string) =>
  (PAGES[page]!.schema as { properties: Record<string, { title: string }> }).properties[key]?.title ?? key

function differences(page: string, wanted: Values): Revision['changes'] {
  const now = state.settings[page] ?? {}
  return Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(now[key]) !== JSON.stringify(value))
    .map(([key, value]) => ({ page, key, title: titleOf(page, key), old: now[key], new: value }))
}

function filesOf(changes: Revision['changes']) {
  if (!changes.length) return []
  const lines = changes.map(
    (change) => `-${change.key} = ${String(change.old)}\n+${change.key} = ${String(change.new)}`,
  )
  return [
    {
      path: 'postfix/main.cf',
      diff: ['--- before', '+++ after', '@@ -10,4 +10,4 @@', ' compatibility_level = 3.6', ...lines].join(
        '\n',
      ),
    },
  ]
}

function record(who: string, changes: Revision['changes'], note = ''): void {
  for (const change of changes) state.settings[change.page]![change.key] = change.new
  state.revisions.push({ revision: revision() + 1, when: NOW(), who, where: '192.168.1.20', note, changes })
  setTimeout(() => tell('change', { kind: 'settings', id: revision() }), 50)
}

function apply({ body }: Call): Reply {
  const page = body.page as string
  const wanted = body.changes as Values
  if (body.revision !== revision()) {
    const missed = state.revisions
      .slice(Number(body.revision))
      .flatMap((one) =>
        one.changes.map((change) => ({ ...change, theirs: change.new, who: one.who, when: one.when })),
      )
    const message = 'Somebody else changed the settings meanwhile.'
    return { status: 409, json: { code: 'stale', message, current_revision: revision(), changes: missed } }
  }
  if (wanted.smtp_port === 110) {
    const message = 'Port 110 already belongs to POP3. Choose another port.'
    return { status: 422, json: { code: 'invalid', message, field: 'page', fields: { page: message } } }
  }
  if (wanted.banner === 'fail') {
    const more = {
      daemon: 'postfix',
      setting: `${page}.banner`,
      next: 'Nothing was changed. Correct this setting.',
    }
    return {
      status: 424,
      json: { code: 'check_failed', message: 'Postfix refused its configuration.', ...more },
    }
  }
  const changed = differences(page, wanted)
  record('admin', changed)
  return { json: { revision: revision(), changed, reloaded: ['postfix'], took_ms: 412 } }
}

const NAMES = [
  'Anna Keller',
  'Daniel Okafor',
  'Fatima Al-Sayed',
  '田中 純子',
  'Igor Novák',
  '林 玉婷',
  'Pierre Laurent',
]

function user(index: number): Values {
  const name = index === 0 ? 'admin' : `user-${String(index).padStart(4, '0')}`
  const choice = state.choices[name] ?? null
  const unsupported = index % 97 === 13
  const seat =
    choice !== 'deactivate' && !unsupported && index < TOTAL_SEATS + Object.keys(state.choices).length
  const info = choice === 'deactivate' || unsupported ? 'not_activated' : seat ? 'activated' : 'waiting'
  const why = unsupported
    ? 'The name contains a character that cannot stand in an email address.'
    : info === 'waiting'
      ? 'All 5 seats are taken. The next one that becomes free goes to who has waited longest.'
      : ''
  return {
    name: unsupported ? `${name}@corp` : name,
    full_name: NAMES[index % NAMES.length],
    address: unsupported ? '' : `${name}@example.com`,
    choice,
    active: seat,
    info,
    status: unsupported ? 'unsupported' : 'normal',
    why,
    admin: index === 0,
  }
}

function accounts({ query }: Call): Reply {
  const sought = (query.get('search') ?? '').toLowerCase()
  const sort = query.get('sort') ?? 'name'
  const column = sort.replace('-', '')
  const found = Array.from({ length: 10_000 }, (_, index) => user(index)).filter((one) =>
    `${String(one.name)} ${String(one.full_name)}`.toLowerCase().includes(sought),
  )
  found.sort(
    (one, other) => (String(one[column]) < String(other[column]) ? -1 : 1) * (sort[0] === '-' ? -1 : 1),
  )
  const offset = Number(query.get('offset'))
  const users = found.slice(offset, offset + Number(query.get('limit')))
  return { json: { total: found.length, seats: { total: 5, used: 5, unused: 0 }, users } }
}

const DAEMONS = [
  'Configuration keeper',
  'Sign-in',
  'Settings and jobs',
  'Web',
  'Resolver',
  'ClamAV',
  'SpamAssassin',
  'Rspamd',
  'Filter',
  'Dovecot',
  'Postfix',
]

function overview(): Reply {
  const broken = state.health === 'problem'
  const daemons = DAEMONS.map((title, index) => ({
    id: title.toLowerCase(),
    title,
    state: title === 'Rspamd' ? 'disabled' : broken && title === 'ClamAV' ? 'abnormal' : 'running',
    pid: 100 + index,
    memory_mb: title === 'Rspamd' ? null : [4, 22, 41, 38, 14, 912, 168, 0, 64, 18, 26][index],
    since: NOW() - 3600 * (index + 1),
    why:
      broken && title === 'ClamAV'
        ? 'It ended with signal 9 and is started again in 4 s.'
        : title === 'Rspamd'
          ? 'SpamAssassin is the engine in use.'
          : '',
  }))
  const health = broken
    ? {
        state: 'problem',
        title: 'ClamAV does not run',
        text: 'It ended with signal 9.',
        next: 'Restart it below and read its log.',
      }
    : { state: 'healthy', title: 'Healthy', text: 'All services are running.' }
  const conditions = broken
    ? [
        {
          id: 'clamav',
          title: 'Mail waits: ClamAV does not answer',
          text: 'Senders are told to come back later; nothing is lost.',
          next: 'It heals when ClamAV runs again.',
          since: NOW() - 240,
        },
      ]
    : []
  return {
    json: {
      health,
      daemons,
      conditions,
      queue: 3,
      cpu_percent: 12 + Math.random() * 10,
      memory: { used_mb: 2310, total_mb: 7820 },
      network: { rx_bytes_s: 182_000, tx_bytes_s: 64_500 },
      today: { received: 8214, sent: 3957, blocked: 1386 },
      antivirus: {
        state: broken ? 'absent' : 'current',
        version: broken ? null : '27421',
        definitions_date: broken ? null : NOW() - 7200,
      },
    },
  }
}

const VERDICTS = ['deliver', 'deliver', 'deliver', 'spam', 'reject', 'deliver', 'tempfail', 'quarantine']

function message(index: number): Values {
  return {
    id: `M${100_000 - index}`,
    time: NOW() - index * 97,
    sender: index % 23 === 5 ? '' : `sender${index % 57}@partner${index % 9}.example`,
    recipients: [
      `user-${String(index % 40).padStart(4, '0')}@example.com`,
      ...(index % 11 ? [] : ['admin@example.com']),
    ],
    size: 900 + ((index * 7919) % 4_000_000),
    verdict: VERDICTS[index % VERDICTS.length],
    queue_id: `4W${index}Z`,
    login: index % 6 ? '' : 'admin',
    client: `192.0.2.${index % 250}`,
  }
}

function explained(id: string): Reply {
  const facts = message(100_000 - Number(id.slice(1)))
  const checks = [
    { check: 'recipient', result: 'ok', score: null, detail: '', setting: '', ms: 0.1 },
    {
      check: 'clamav',
      result: 'clean',
      score: null,
      detail: '',
      setting: 'security.antivirus.enabled',
      ms: 6.2,
    },
    {
      check: 'spamassassin',
      result: 'ham',
      score: 0.4,
      detail: 'BAYES_00, SPF_PASS',
      setting: 'security.spam.threshold',
      ms: 148.3,
    },
  ]
  const explain = [
    `Arrived 24 Nov 2026 03:39:58 UTC from ${String(facts.client)} (mx.partner.example), over TLSv1.3: <${String(facts.sender)}> to ${(facts.recipients as string[]).join(', ')}, ${String(facts.size)} bytes.`,
    'The account table answered: ok, 0.1 ms.',
    'ClamAV answered: clean by Security > Antivirus > Enable Anti-Virus Engine, 6.2 ms.',
    'SpamAssassin gave 0.4 points: ham (BAYES_00, SPF_PASS), 148.3 ms.',
    'It was accepted for delivery. Queue id 4W17Z.',
  ]
  return {
    json: { ...facts, recipients: [], message_id: '<17@partner.example>', reply: '', checks, explain },
  }
}

const ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [
    /^session$/,
    'GET',
    () => ({
      json: {
        user: 'admin',
        admin: state.admin,
        version: '1.0',
        domain: 'example.com',
        hostname: 'mail.example.com',
        portal: '/m/',
        activation: state.activation
          ? {
              command: 'sudo sh /var/packages/Mailroom/target/activate',
              title: 'Mail services wait for activation',
              text: 'DSM 7 gives packages no root rights. Run this command once over SSH or as a task of the Task Scheduler:',
            }
          : null,
      },
    }),
  ],
  [/^overview$/, 'GET', overview],
  [/^daemons\/(.+)\/restart$/, 'POST', (_, [, id]) => ({ json: { restarted: id } })],
  [
    /^settings$/,
    'GET',
    () => ({
      json: {
        revision: revision(),
        pages: Object.entries(PAGES).map(([id, page]) => ({
          id,
          title: page.title,
          menu: page.menu,
          tab: page.tab,
        })),
      },
    }),
  ],
  [
    /^settings\/preview$/,
    'POST',
    ({ body }) => {
      const changes = differences(body.page as string, body.changes as Values)
      return { json: { settings: changes, files: filesOf(changes) } }
    },
  ],
  [/^settings\/apply$/, 'POST', apply],
  [
    /^settings\/history$/,
    'GET',
    ({ query }) => {
      const found = state.revisions
        .filter(
          (one) => one.revision === 1 || one.changes.some((change) => change.page === query.get('page')),
        )
        .reverse()
      return { json: { total: found.length, revisions: found } }
    },
  ],
  [
    /^settings\/compare$/,
    'GET',
    ({ query }) => {
      const changes = state.revisions
        .filter((one) => one.revision > Number(query.get('to')))
        .flatMap((one) => one.changes)
        .map((change) => ({ ...change, old: change.new, new: change.old }))
      return { json: { settings: changes, files: filesOf(changes), rendered_differently: [] } }
    },
  ],
  [
    /^settings\/put-back$/,
    'POST',
    ({ body }) => {
      const back = state.revisions
        .filter((one) => one.revision > Number(body.to))
        .flatMap((one) => one.changes)
        .filter((change) => change.page === body.page)
        .map((change) => ({ ...change, old: change.new, new: change.old }))
      record('admin', back, `Put back to revision ${String(body.to)}`)
      return { json: { revision: revision(), changed: back, reloaded: [], took_ms: 300 } }
    },
  ],
  [
    /^settings\/(.+)$/,
    'GET',
    (_, [, name]) => {
      const page = PAGES[name!]!
      return {
        json: {
          revision: revision(),
          schema: page.schema,
          values: state.settings[name!],
          defaults: page.defaults,
        },
      }
    },
  ],
  [/^accounts$/, 'GET', accounts],
  [
    /^accounts\/preview$/,
    'POST',
    ({ body }) => ({
      json: {
        seats: { total: 5, used_before: 5, used_after: 5 },
        users: Object.entries(body.changes as Values).map(([name, choice]) => ({
          name,
          before: 'not_activated',
          after: choice === 'activate' ? 'waiting' : 'not_activated',
          why: choice === 'activate' ? 'All 5 seats are taken.' : '',
        })),
      },
    }),
  ],
  [
    /^accounts\/apply$/,
    'POST',
    ({ body }) => {
      Object.assign(state.choices, body.changes)
      tell('change', { kind: 'accounts', id: 1 })
      return { json: {} }
    },
  ],
  [
    /^licences$/,
    'GET',
    () => ({
      json: {
        licences: [
          { key: 'DEFAULT FREE LICENSE', quantity: 5, activated: '', expiry: '-', status: 'Validated' },
        ],
        total: 5,
        used: 4,
        unused: 1,
      },
    }),
  ],
  [/^sync$/, 'GET', () => ({ json: state.sync })],
  [
    /^sync\/(now|approve)$/,
    'POST',
    () => {
      state.sync = { state: 'ok', last: NOW() }
      return { json: state.sync }
    },
  ],
  [
    /^bans$/,
    'GET',
    () => ({
      json: {
        bans: [
          { kind: 'address', value: '198.51.100.23', failures: 12, until: NOW() + 900 },
          { kind: 'account', value: 'admin', failures: 6, until: NOW() + 120 },
        ],
      },
    }),
  ],
  [/^bans\/unban$/, 'POST', () => ({ json: {} })],
  [
    /^messages$/,
    'GET',
    ({ query }) => {
      const offset = Number(query.get('offset'))
      return {
        json: {
          total: 100_000,
          messages: Array.from({ length: Number(query.get('limit')) }, (_, index) => message(offset + index)),
        },
      }
    },
  ],
  [/^messages\/(.+)$/, 'GET', (_, [, id]) => explained(id!)],
  // For trying states: POST mock/NAME {value}; mock/others applies a change as somebody else.
  [
    /^mock\/others$/,
    'POST',
    ({ body }) => {
      record('berta', differences(body.page as string, body.changes as Values))
      return { json: {} }
    },
  ],
  [
    /^mock\/state$/,
    'POST',
    ({ body }) => {
      Object.assign(state, body)
      return { json: {} }
    },
  ],
]

export const windowApi: Api = (call) => {
  for (const [pattern, method, handle] of ROUTES) {
    const match = method === call.method ? pattern.exec(call.path) : null
    if (match) return handle(call, match)
  }
  return undefined
}
