import { held, writing } from './writing'
import { clients } from './clients'
import { sessions } from './sessions'
import { tell, type Api, type Call, type Reply } from './mock'

/** A made-up mailbox of 100,000 messages; the password is "right", anything else shows a refusal. */
const TOTAL = 100_000
const NAMES = [
  'Anna Keller',
  'Daniel Okafor',
  'Fatima Al-Sayed',
  'Ольга Смирнова',
  'Igor Novák',
  'Γιώργος Παπάς',
  'Nightly Backup',
  'Pierre Laurent',
  'Project Board',
  'Travel Desk',
]
const SUBJECTS = [
  'Quarterly review on Thursday',
  'Invoice 2026-{n}',
  'Протокол встречи',
  'Angebot Nr. {n} – Rückfrage',
  'Your trip to Taipei',
  'Backup job {n} finished',
  '[project] Issue #{n}: list jumps while loading',
]
const PREVIEWS = [
  'Thanks for sending the numbers over. I had a look at the second sheet and there are two things',
  'vielen Dank für Ihr Angebot. Wir hätten noch zwei Fragen zur Lieferzeit und zu den Preisen',
  'Добрый день, протокол во вложении, жду замечаний до пятницы.',
  'I moved the meeting to 14:30 because the room was taken. Same link as always',
]
const START = Date.now()
const state = {
  signedIn: true,
  fresh: 0,
  gone: new Set<number>(),
  flags: new Map<number, Record<string, boolean>>(),
}

function mixed(index: number): number {
  let value = Math.imul(index + 1, 2654435761)
  value ^= value >>> 15
  value = Math.imul(value, 2246822519)
  return (value ^ (value >>> 13)) >>> 0
}
const pick = <T>(list: T[], seed: number): T => list[seed % list.length]!

function row(uid: number) {
  const index = TOTAL - uid
  const [one, two, three] = [mixed(index), mixed(index + 1e6), mixed(index + 2e6)]
  return {
    uid,
    from: { name: pick(NAMES, one), address: `user${one % 97}@example.${one % 3 ? 'com' : 'org'}` },
    to: [{ name: 'Lin Yu-Ting', address: 'lin@example.com' }],
    subject: (three % 3 ? '' : 'Re: ') + pick(SUBJECTS, two).replace('{n}', String(1000 + (three % 9000))),
    date: new Date(START - index * 1_260_000).toISOString(),
    seen: index > 3 && one % 7 !== 0,
    flagged: two % 19 === 0,
    answered: three % 11 === 0,
    attachments: three % 5 === 0,
    size: 2000 + (three % 90_000),
    preview: pick(PREVIEWS, three),
    ...state.flags.get(uid),
  }
}

function list({ query }: Call): Reply {
  const sought = (query.get('search') ?? '').toLowerCase()
  const offset = Number(query.get('offset'))
  const limit = Number(query.get('limit'))
  let uids: number[] = []
  for (let uid = TOTAL + state.fresh; uid > 0 && uids.length < offset + limit + state.gone.size; uid--) {
    if (state.gone.has(uid)) continue
    if (!sought || row(uid).subject.toLowerCase().includes(sought)) uids.push(uid)
    if (sought && TOTAL - uid > 3000) break
  }
  const total = sought ? uids.length : TOTAL + state.fresh - state.gone.size
  uids = uids.slice(offset, offset + limit)
  return { json: { total, state: '1', messages: uids.map(row) } }
}

function read(uid: number): Reply {
  state.flags.set(uid, { ...state.flags.get(uid), seen: true })
  const facts = row(uid)
  const attachments = facts.attachments
    ? [
        { part: '2', name: 'Report-Q3.pdf', type: 'application/pdf', size: 1_468_000 },
        { part: '3', name: 'Numbers.xlsx', type: 'application/vnd.ms-excel', size: 217_000 },
      ]
    : []
  const cc = uid % 2 ? [{ name: 'Daniel Okafor', address: 'daniel@example.com' }] : []
  return {
    json: {
      ...facts,
      cc,
      reply_to: [],
      message_id: `<${uid}@example.org>`,
      remote_images: uid % 3 !== 0,
      repeated: [],
      truncated: false,
      pictures: [],
      attachments,
      text: facts.preview,
    },
  }
}

function body(uid: number, dark: boolean): Reply {
  const { from, preview } = row(uid)
  const cell = 'style="padding:6px 14px;border:1px solid #cdd9e5"'
  const invert = dark ? 'html{color-scheme:dark}body{filter:invert(.9) hue-rotate(180deg)}' : ''
  return {
    html: `<!doctype html><meta charset="utf-8"><style>body{margin:0;font:14px/1.5 system-ui,sans-serif;color:#222b33}${invert}</style>
      <p>Hi,</p><p>${preview}…</p><table style="border-collapse:collapse"><tr><th ${cell}>Region</th><th ${cell}>Q2</th></tr>
      <tr><td ${cell}>DACH</td><td ${cell}>41,200</td></tr></table><ol><li>The exchange rate in row 14 is the one of last month.</li></ol>
      <script>parent.broken = 1</script><img src="x" onerror="parent.broken = 1" alt="">
      <p><a href="https://example.com/report" target="_blank">Open the report</a></p><p>Best regards,<br><b>${from.name}</b></p>`,
  }
}

const FOLDERS = [
  { id: 'INBOX', name: 'INBOX', use: 'inbox', unread: 412, total: TOTAL, next_uid: 100_000, depth: 0 },
  { id: 'Drafts', name: 'Drafts', use: 'drafts', unread: 0, total: 4, next_uid: 100_000, depth: 0 },
  { id: 'Sent', name: 'Sent', use: 'sent', unread: 0, total: 80, next_uid: 100_000, depth: 0 },
  { id: 'Junk', name: 'Junk', use: 'junk', unread: 37, total: 90, next_uid: 100_000, depth: 0 },
  { id: 'Trash', name: 'Trash', use: 'trash', unread: 0, total: 12, next_uid: 100_000, depth: 0 },
  { id: 'Customers', name: 'Customers', use: '', unread: 12, total: 90, next_uid: 100_000, depth: 0 },
  { id: 'Customers/DACH', name: 'DACH', use: '', unread: 8, total: 40, next_uid: 100_000, depth: 1 },
  { id: 'Receipts', name: 'Receipts', use: '', unread: 0, total: 0, next_uid: 100_000, depth: 0 },
]
const ME = { user: 'lin', address: 'lin@example.com', full_name: 'Lin Yu-Ting', csrf: 'token' }
const REFUSED: Record<string, Reply> = {
  blocked: {
    status: 429,
    json: { code: 'too_many', message: 'Too many failed attempts.', retry_after_s: 45 },
  },
  down: { status: 503, json: { code: 'unavailable', message: 'Passwords cannot be checked just now.' } },
  waiting: {
    status: 403,
    json: { code: 'not_active', message: 'This user has not been activated for mail.' },
  },
}

function session({ method, body: asked }: Call): Reply {
  if (method === 'POST' && asked.password !== 'right') {
    return REFUSED[asked.password as string] ?? { status: 403, json: { code: 'bad', message: 'Wrong.' } }
  }
  if (method !== 'GET') state.signedIn = method === 'POST'
  return state.signedIn
    ? { json: ME }
    : { status: 401, json: { code: 'signed_out', message: 'Nobody is signed in.' } }
}

export const portal: Api = (call) => {
  const { path, method, body: asked } = call
  if (path === 'session') return session(call)
  if (path === 'mock/new') {
    state.fresh++
    tell('mail', { folder: 'INBOX' })
    return { json: {} }
  }
  if (path === 'mock/out') {
    state.signedIn = false
    return { json: {} }
  }
  if (!state.signedIn) return { status: 401, json: { code: 'signed_out', message: 'Nobody is signed in.' } }
  if (path === 'clients') return clients(ME)
  if (path === 'sessions') return { json: sessions('anna') }
  if (path === 'sessions/end') return { json: { ended: 1 } }
  if (path === 'folders') return { json: { folders: FOLDERS } }
  if (path === 'uploads') return { json: { id: 'u1', name: call.query.get('name'), size: asked.bytes ?? 10 } }
  if (path === 'send') return sent(asked)
  const written = writing(path, asked, call.query.get('search') ?? '')
  if (written) return written
  if (path.startsWith('folders/Receipts/')) return { json: { total: 0, state: '1', messages: [] } }
  const uid = Number(/messages\/(\d+)/.exec(path)?.[1])
  if (path.endsWith('/messages')) return list(call)
  if (path.endsWith('/body')) return body(uid, call.query.get('theme') === 'dark')
  if (path.includes('/parts/')) return { file: 'content' }
  if (uid) return read(uid)
  return method === 'POST' ? change(path, asked) : undefined
}

function sent(asked: Record<string, unknown>): Reply {
  const lost = (asked.to as string[]).some((one) => one.startsWith('lost'))
  if (lost)
    return {
      status: 503,
      json: {
        code: 'unavailable',
        message: 'The mail server does not answer.',
        next: 'Try again in a moment.',
      },
    }
  return { json: held(asked) }
}

function change(path: string, asked: Record<string, unknown>): Reply {
  const uids = asked.uids as number[]
  const set = (names: unknown, value: boolean) =>
    Object.fromEntries(((names as string[]) ?? []).map((name) => [name, value]))
  for (const uid of uids) {
    if (path.endsWith('/flags')) {
      state.flags.set(uid, { ...state.flags.get(uid), ...set(asked.add, true), ...set(asked.remove, false) })
    } else {
      state.gone.add(uid)
    }
  }
  return { json: { changed: uids.length } }
}
