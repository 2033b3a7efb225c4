import type { Call, Reply } from './mock'
import { NOW, state, type Values } from './window-state'

/** Made-up accounts, daemons and messages for the window. */
const TOTAL_SEATS = 5
const NAMES = [
  'Anna Keller',
  'Daniel Okafor',
  'Fatima Al-Sayed',
  'Ольга Смирнова',
  'Igor Novák',
  'Γιώργος Παπάς',
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

export function accounts({ query }: Call): Reply {
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

const VERDICTS = ['deliver', 'deliver', 'deliver', 'spam', 'reject', 'deliver', 'tempfail', 'quarantine']

export function message(index: number): Values {
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

export function explained(id: string): Reply {
  const facts = message(100_000 - Number(id.slice(1)))
  const checks = [
    {
      check: 'recipient',
      title: 'The account table',
      result: 'pass',
      score: null,
      detail: '',
      setting: '',
      ms: 0.1,
    },
    {
      check: 'clamav',
      title: 'ClamAV',
      result: 'pass',
      score: null,
      detail: '',
      setting: 'security.antivirus.enabled',
      ms: 6.2,
    },
    {
      check: 'spamassassin',
      title: 'SpamAssassin',
      result: 'pass',
      score: 0.4,
      detail: 'BAYES_00, SPF_PASS',
      setting: 'security.spam.threshold',
      ms: 148.3,
    },
  ]
  const explain = [
    `Arrived 2026-11-24 03:39:58 UTC from ${String(facts.client)}. The name of that address is mx.partner.example. The connection was encrypted: TLSv1.3. Sender: <${String(facts.sender)}>. Recipients: ${(facts.recipients as string[]).join(', ')}. Size: ${String(facts.size)} bytes.`,
    'The account table answered: pass. It took 0.1 ms.',
    'ClamAV answered: pass. Decided by Security > Antivirus > Enable Anti-Virus Engine. It took 6.2 ms.',
    'SpamAssassin gave 0.4 points: pass. In detail: BAYES_00, SPF_PASS. It took 148.3 ms.',
    'It was accepted for delivery. Its queue id is 4W17Z.',
  ]
  return {
    json: { ...facts, recipients: [], message_id: '<17@partner.example>', reply: '', checks, explain },
  }
}
