import type { Call, Reply } from './mock'
import { state } from './window-state'

/** A made-up file of another server; the passphrase "wrong words" does not open it, and a file may be told to be broken. */
const GENERAL = 'mail_delivery.general'
const HEAD = {
  format: 'mailroom-configuration',
  version: 1,
  made_by: '0.0.9-0001',
  server: 'mail.example.org',
  date: '2026-11-20T09:30:00Z',
  revision: 41,
}
const refused = (facts: Record<string, unknown>): Reply => ({
  status: 422,
  json: { code: 'invalid', next: 'Choose a file that was exported here or on another server.', ...facts },
})

function exported({ body }: Call): Reply {
  if (body.passphrase && String(body.passphrase).length < 8) {
    const message = 'A passphrase has 8 to 200 characters.'
    return refused({ message, field: 'passphrase', fields: { passphrase: message } })
  }
  return { json: { ...HEAD, secrets: body.passphrase ? 'sealed' : 'omitted', settings: state.settings } }
}

function look({ body }: Call): Reply {
  const content = String(body.content)
  if (!content.startsWith('{')) {
    return refused({ message: 'The file is damaged or cut off at line 1.', field: 'file', line: 1 })
  }
  if (content.includes('"broken"')) {
    const message = 'Enter a number of at most 1000.'
    return refused({ message, field: 'max_hops', setting: `${GENERAL}.max_hops`, line: 87 })
  }
  if (body.passphrase === 'wrong words') {
    const message =
      'This passphrase does not open the file: it is another one, or somebody has changed the file.'
    return refused({ message, field: 'passphrase' })
  }
  const name = `${GENERAL}.hostname`
  const hostname = { page: GENERAL, key: 'hostname', title: 'Hostname (FQDN)', old: 'mail.example.com' }
  const taken = (body.machine as string[]).includes(name)
  const there = { ...hostname, new: 'mail.example.org' }
  const item = { id: '9', name: 'Casino', enabled: true, type: 'sender', criteria: '*@casino.example' }
  const settings = [
    ...(taken ? [there] : []),
    { page: GENERAL, key: 'max_hops', title: 'Max message hops', old: 50, new: 30 },
    {
      page: 'mail_delivery.lists',
      key: 'blacklist',
      title: 'Blacklist',
      old: null,
      new: null,
      items: [{ id: '9', name: 'Casino', old: null, new: item }],
      moved: false,
    },
  ]
  const told = [
    {
      field: 'service.protocol.smtps_port',
      text: 'The file does not have the setting SMTPS port. It gets its default.',
    },
    ...(body.passphrase
      ? []
      : [
          {
            field: 'mail_delivery.delivery.password',
            text: 'Password is sealed, and no passphrase was entered. The one of this server stays.',
          },
        ]),
  ]
  return {
    json: {
      revision: state.revisions.length,
      file: { ...HEAD, secrets: 'sealed', opened: !!body.passphrase },
      here: { made_by: '0.1.0-0001', server: 'mail.example.com' },
      told,
      machine: [{ ...there, taken }],
      settings,
      files: [{ path: 'postfix/main.cf', diff: '-hopcount_limit = 50\n+hopcount_limit = 30' }],
      warnings: [],
    },
  }
}

const take = (): Reply => ({
  json: {
    revision: state.revisions.length + 1,
    changed: [{}, {}],
    reloaded: ['postfix'],
    warnings: [],
    took_ms: 700,
  },
})

export const CONFIGURATION_ROUTES: [RegExp, string, (call: Call, match: string[]) => Reply][] = [
  [/^settings\/export$/, 'POST', exported],
  [/^settings\/import-preview$/, 'POST', look],
  [/^settings\/import$/, 'POST', take],
]
