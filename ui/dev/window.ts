import { checked } from './aliases'
import { tell, type Api, type Call, type Reply } from './mock'
import { checkRoutes } from './check'
import { clients } from './clients'
import { sessions } from './sessions'
import { CONFIGURATION_ROUTES } from './configuration'
import { DELIVERY_ROUTES } from './delivery'
import { SETUP_ROUTES } from './setup'
import { QUARANTINE_ROUTES } from './quarantine'
import { QUEUE_ROUTES } from './queue'
import { SERVER_ROUTES } from './server'
import { TOKEN_ROUTES } from './tokens'
import { accounts, explained, message } from './window-facts'
import { knownSettings, NOW, PAGES, state, whole, type Revision, type Values } from './window-state'

/** A made-up window API with some memory: enough to see every state of every page. */
const revision = () => state.revisions.length
const titleOf = (page: string, key: string) =>
  (PAGES[page]!.schema as { properties: Record<string, { title: string }> }).properties[key]?.title ?? key

function differences(page: string, wanted: Values): Revision['changes'] {
  const now = state.settings[page] ?? {}
  return Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(now[key]) !== JSON.stringify(value))
    .map(([key, value]) => ({
      page,
      key,
      title: titleOf(page, key),
      old: now[key],
      new: whole(now[key], value),
    }))
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
  [
    /^clients$/,
    'GET',
    () => clients({ user: 'admin', address: 'admin@example.com', full_name: 'Anna Adler' }),
  ],
  ...SERVER_ROUTES,
  ...DELIVERY_ROUTES,
  ...CONFIGURATION_ROUTES,
  ...checkRoutes(record),
  [
    /^settings$/,
    'GET',
    () => ({
      json: {
        revision: revision(),
        applying: false,
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
  [/^settings\/check$/, 'POST', checked],
  [/^settings\/fields$/, 'GET', () => ({ json: knownSettings() })],
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
          { kind: 'mail', value: '203.0.113.77', failures: 101, until: NOW() + 9_000 },
        ],
      },
    }),
  ],
  [/^sessions$/, 'GET', () => ({ json: sessions() })],
  [/^sessions\/end$/, 'POST', () => ({ json: { ended: 1 } })],
  [/^bans\/unban$/, 'POST', () => ({ json: {} })],
  [/^bans\/unblock$/, 'POST', () => ({ json: {} })],
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
  for (const [pattern, method, handle] of [...ROUTES, ...QUEUE_ROUTES, ...QUARANTINE_ROUTES, ...SETUP_ROUTES, ...TOKEN_ROUTES]) {
    const match = method === call.method ? pattern.exec(call.path) : null
    if (match) return handle(call, match)
  }
  return undefined
}
