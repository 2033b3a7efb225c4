import { tell, type Call, type Reply } from './mock'
import { NOW, state } from './window-state'

/** A made-up set-up of the mail server, with DNS records in every state. `example.com` is well, others have troubles. */
type Facts = Record<string, unknown>
const TASK_MS = 700
const TASKS = ['volume', 'settings', 'services', 'accounts']
const FORM = /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/i

const kept = {
  finished: true,
  revision: 1,
  step: '',
  answers: {} as Record<string, string>,
  job: null as Facts | null,
  fails: '',
  sent: 0,
  announced: false,
}

const facts = (): Reply => ({
  json: {
    ...kept,
    choices: {
      starts: [
        { id: 'new', ready: true },
        { id: 'migrate', ready: false },
        { id: 'exchange', ready: false },
      ],
      account_types: [
        { id: 'local', ready: true },
        { id: 'ldap', ready: false },
        { id: 'domain', ready: false },
      ],
      interfaces: [
        { id: '', title: 'All interfaces', addresses: [], dynamic: null, up: true },
        { id: 'eth0', title: 'LAN 1', addresses: ['192.168.1.102'], dynamic: true, up: true },
        { id: 'eth1', title: 'LAN 2', addresses: [], dynamic: null, up: false },
      ],
      volumes: [
        {
          id: '/volume1',
          title: 'Volume 1',
          free_mb: 1_210_000,
          total_mb: 3_700_000,
          current: true,
          writable: true,
        },
        {
          id: '/volume2',
          title: 'Volume 2',
          free_mb: 90,
          total_mb: 900_000,
          current: false,
          writable: false,
        },
      ],
    },
  },
})

const remark = (level: string, code: string, text: string, next = '') => [
  { level, code, text, next, values: {} },
]

function named(value: string, usual: string) {
  if (!value) return remark('problem', 'empty', 'Enter a name.', `Write it like ${usual}.`)
  if (!FORM.test(value))
    return remark('problem', 'form', `${value} is not a full name.`, `Write it like ${usual}.`)
  return null
}

function checked(answers: Record<string, string>): Facts {
  const { domain = '', hostname = '', volume = '', account_type: type = '' } = answers
  const well = domain === 'example.com'
  const mx = well
    ? remark('ok', 'mx_here', 'Its MX record leads to this server.')
    : remark(
        'advice',
        'mx_missing',
        `${domain} has no MX record.`,
        'Enter the one that the wizard shows later.',
      )
  const a = well
    ? remark('ok', 'a_here', `${hostname} leads to 203.0.113.25.`)
    : remark('advice', 'a_missing', `${hostname} has no A record.`, 'Set it at your domain provider.')
  return {
    account_type: type === 'local' ? [] : remark('problem', 'later', 'This account type comes later.'),
    domain: named(domain, 'example.com') ?? mx,
    hostname: named(hostname, 'mail.example.com') ?? a,
    interface:
      answers.interface === 'eth0'
        ? remark('advice', 'dynamic', 'LAN 1 gets its address by DHCP.', 'Give it a static address in DSM.')
        : [],
    volume:
      volume === '/volume2'
        ? remark('problem', 'read_only', 'Volume 2 cannot be written.', 'Choose another volume.')
        : remark('ok', 'room', 'There is room enough.'),
  }
}

function apply({ body }: Call): Reply {
  if (body.revision !== kept.revision) {
    return {
      status: 409,
      json: {
        code: 'stale',
        message: 'Somebody else changed the settings meanwhile.',
        current_revision: kept.revision,
        changes: [
          {
            page: 'mail_delivery.general',
            key: 'domain',
            title: 'Domain name',
            theirs: 'theirs.example',
            yours: (body.answers as Facts).domain,
            who: 'berta',
            when: NOW(),
          },
        ],
      },
    }
  }
  Object.assign(kept.answers, body.answers)
  step(0)
  return { json: { job: kept.job } }
}

function step(now: number): void {
  const failing = TASKS[now] === kept.fails
  const done = now >= TASKS.length
  kept.job = {
    state: failing ? 'failed' : done ? 'done' : 'running',
    step: TASKS[now] ?? null,
    steps: TASKS.map((id, at) => ({
      id,
      state: at < now ? 'done' : at > now ? 'waiting' : failing ? 'failed' : 'running',
    })),
    problem: failing
      ? { message: 'Postfix refused its configuration.', next: 'Correct the host name.', field: 'hostname' }
      : null,
  }
  if (done) kept.finished = true
  tell('change', { kind: 'setup', id: now })
  if (!failing && !done) setTimeout(() => step(now + 1), TASK_MS)
}

function records({ query, body }: Call): Facts {
  const given = (name: string, usual: string) => String(body[name] ?? query.get(name) ?? usual)
  const domain = given('domain', String(state.settings['mail_delivery.general']!.domain))
  const hostname = given('hostname', `mail.${domain}`)
  const address = given('address', '203.0.113.25')
  const key = `v=DKIM1; k=rsa; p=${'MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA'.repeat(4)}`
  const rows: [string, string, string, string, string][] = [
    ['A', hostname, address, 'required', 'The address of this server.'],
    ['MX', domain, hostname, 'required', 'Tells other servers where mail for the domain goes.'],
    ['PTR', address, hostname, 'required', 'Many servers refuse mail from an address without it.'],
    ['TXT', domain, 'v=spf1 mx -all', 'recommended', 'SPF: only this server sends mail of the domain.'],
    [
      'TXT',
      `mailroom._domainkey.${domain}`,
      key,
      'recommended',
      'DKIM: the key that signs mail of the domain.',
    ],
    ['SRV', `_imaps._tcp.${domain}`, hostname, 'optional', 'Mail clients find their settings by it.'],
  ]
  return {
    domain,
    hostname,
    address,
    address_from: 'dns',
    private: address.startsWith('192.168.'),
    dynamic: true,
    domains: ['example.com', 'example.org'],
    records: rows.map(([type, name, value, needed, text], at) => ({
      id: `${type}-${at}`,
      type,
      name,
      value,
      priority: type === 'MX' ? 0 : null,
      ttl_s: 3600,
      needed,
      why: type.toLowerCase(),
      text,
      next: type === 'PTR' ? 'Only your Internet provider can set it.' : '',
    })),
  }
}

function dnsCheck(call: Call): Facts {
  const states = ['right', 'wrong', 'missing', 'right', 'slow', 'missing']
  const found = (records(call).records as Facts[]).map((record, at) => ({
    ...record,
    state: states[at],
    found: states[at] === 'wrong' ? ['old-server.example.net'] : [],
    text: states[at] === 'wrong' ? 'It says old-server.example.net.' : 'So it is.',
    next: states[at] === 'right' ? '' : 'Set it as it is shown here.',
  }))
  const servers = ['ns1.example.net', 'ns2.example.net']
  const relay = { text: 'The reverse name cannot be set.', next: 'Send through a relay.' }
  return { name_servers: servers, seconds: 1.24, records: found, relay_advised: true, relay }
}

function testMail(): Reply {
  const seconds = NOW() - kept.sent
  const there = seconds > 2
  const text = there ? 'It lies in the mailbox.' : 'Accepted, waiting for the mailbox.'
  return {
    json: {
      state: there ? 'arrived' : 'waiting',
      text,
      next: '',
      seconds,
      message_id: '<17@partner.example>',
    },
  }
}

/** Two domains; switched off after it was on, it is taken back for a week. */
function ownPolicy(): Facts {
  const page = state.settings['mail_delivery.security'] ?? {}
  const mode = String(page.mta_sts_mode ?? 'off')
  kept.announced ||= mode !== 'off'
  const shown = mode !== 'off' ? mode : kept.announced ? 'none' : 'off'
  if (shown === 'off') return { mode: 'off', policy: '', id: '', until: 0, domains: [] }
  const servers = ['mail.example.com', ...((page.mta_sts_servers as string[]) ?? [])]
  const mx = shown === 'none' ? [] : servers.map((name) => `mx: ${name}`)
  const age = shown === 'none' ? 86_400 : Number(page.mta_sts_max_age_days) * 86_400
  const policy = ['version: STSv1', `mode: ${shown}`, ...mx, `max_age: ${age}`, ''].join('\r\n')
  const id = '12f3ff1012430f658710'
  const domains = ['example.com', 'example.org'].map((domain) => ({
    domain,
    url: `https://mta-sts.${domain}/.well-known/mta-sts.txt`,
    records: [
      { type: 'TXT', name: `_mta-sts.${domain}`, value: `v=STSv1; id=${id}` },
      { type: 'CNAME', name: `mta-sts.${domain}`, value: 'mail.example.com' },
    ],
  }))
  return { mode: shown, policy, id, until: shown === 'none' ? NOW() + 7 * 86_400 : 0, domains }
}

export const SETUP_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^setup$/, 'GET', facts],
  [
    /^setup\/draft$/,
    'POST',
    ({ body }) => {
      Object.assign(kept, { answers: body.answers, step: body.step })
      return facts()
    },
  ],
  [
    /^setup\/forget$/,
    'POST',
    () => {
      Object.assign(kept, { answers: {}, step: '', job: null })
      return facts()
    },
  ],
  [
    /^setup\/check$/,
    'POST',
    ({ body }) => ({ json: { fields: checked(body.answers as Record<string, string>) } }),
  ],
  [/^setup\/apply$/, 'POST', apply],
  [
    /^setup\/test_mail$/,
    'POST',
    () => {
      kept.sent = NOW()
      return { json: { id: 't1' } }
    },
  ],
  [/^setup\/test_mail\/(.+)$/, 'GET', testMail],
  [/^dns\/records$/, 'GET', (call) => ({ json: records(call) })],
  [/^dns\/check$/, 'POST', (call) => ({ json: dnsCheck(call) })],
  [/^dns\/policy$/, 'GET', () => ({ json: ownPolicy() })],
  // {finished: false} makes it a new server; {fails: "services"} lets this step of Apply fail.
  [
    /^mock\/setup$/,
    'POST',
    ({ body }) => {
      Object.assign(kept, { step: '', answers: {}, job: null, fails: '' }, body)
      tell('change', { kind: 'setup', id: 0 })
      return { json: {} }
    },
  ],
]
