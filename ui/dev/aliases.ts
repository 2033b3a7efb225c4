import type { Call, Reply } from './mock'
import { state, type Values } from './window-state'

/** Made-up users and groups, and a look at a file that finds what a test needs to see. */
const NAMES = ['anna', 'ben', 'chloe', 'dora', 'emil', 'fiona', 'gustav', 'hanna', 'ivo', 'jana', 'karl']
const USERS = NAMES.map((name, index) => ({
  member: `user:${name}`,
  name,
  full_name: `${name[0]!.toUpperCase()}${name.slice(1)} Adler`,
  status: index % 5 === 3 ? 'deactivated' : index === 9 ? 'unsupported' : 'normal',
  users: 1,
}))
const GROUPS = ['administrators', 'sales', 'staff', 'users'].map((name, index) => ({
  member: `group:${name}`,
  name,
  full_name: '',
  status: '',
  users: index * 3,
}))

interface Alias {
  id: string
  name: string
  domain: string
  members: string[]
}

state.settings['mail_delivery.alias'] = {
  aliases: [
    { id: '1', name: 'info', domain: '', members: ['user:anna', 'user:ben', 'partner@example.org'] },
    { id: '2', name: 'sales', domain: '', members: ['group:sales', 'alias:info'] },
    { id: '3', name: 'sales', domain: 'branch.example', members: ['user:chloe'] },
  ],
  catch_all: [{ id: '1', domain: 'example.com', recipient: 'info' }],
}
state.settings['mail_delivery.auto_bcc'] = {
  rules: [
    { id: '1', criterion: 'from', text: '@example.com', target: 'archive@example.org' },
    { id: '2', criterion: 'all', text: '', target: 'anna' },
  ],
}

function members({ query }: Call): Reply {
  const search = (query.get('search') ?? '').toLowerCase()
  const found = (query.get('kind') === 'group' ? GROUPS : USERS).filter((one) =>
    `${one.name} ${one.full_name}`.toLowerCase().includes(search),
  )
  return { json: { total: found.length, members: found } }
}

const NEW = [
  { name: 'team', members: ['user:anna', 'user:chloe', 'alias:info'] },
  { name: 'press', members: ['press@example.org'] },
]
const REFUSED = [
  { line: 3, name: 'info', reason: 'There already is an alias info; it stays as it is.', kept: true },
  { line: 5, name: 'all', reason: 'There is no user or alias nobody.', kept: false },
  { line: 6, name: 'hooks', reason: 'It runs a program, which no alias may do here.', kept: false },
]

function take(): Reply {
  const known = state.settings['mail_delivery.alias'] as { aliases: Alias[] }
  const fresh = NEW.map((one, index) => ({ ...one, domain: '', id: `new${index}` }))
  state.settings['mail_delivery.alias'] = { ...known, aliases: [...known.aliases, ...fresh] }
  return { json: { new: NEW, refused: REFUSED, revision: state.revisions.length } }
}

export const ALIAS_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^aliases\/members$/, 'GET', members],
  [/^(aliases|auto-bcc)\/import-preview$/, 'POST', () => ({ json: { new: NEW, refused: REFUSED } })],
  [/^(aliases|auto-bcc)\/import$/, 'POST', take],
]

/** What the server would refuse: a name of two words. */
export function checked({ body }: Call): Reply {
  const put = (body.changes as { aliases?: { put?: Values[] } }).aliases?.put ?? []
  const wrong = put.filter((one) => String(one.name).includes(' '))
  const sentence =
    'A mail address may only have letters, digits, dots, dashes and underscores, with no dot at an end.'
  return {
    json: { fields: Object.fromEntries(wrong.map((one) => [`aliases/${String(one.id)}/name`, sentence])) },
  }
}
