import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { nextTick, watchEffect } from 'vue'
import pages from '../dev/pages.json'
import { fieldsOf, groupsOf, inWords, type SettingsSchema } from '../forms/schema'
import { decimals, listed, moment, number, percent } from '../shared/format'
import { setLanguage, wordsOf, type Words } from '../shared/i18n'
import { Problem } from '../shared/problem'
import { loadSayings, Sayings, told, type Catalogue } from '../shared/told'

const NAMES = ['de', 'ja', 'zh-TW']
const catalogueOf = (name: string) =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, '..', 'shared', 'said', `${name}.json`), 'utf8'),
  ) as Catalogue
const schemas = Object.values(pages).map((page) => page.schema as unknown as SettingsSchema)

beforeAll(() => Promise.all(NAMES.map(loadSayings)))
afterEach(() => setLanguage('en'))

const sayings = new Sayings(
  {
    'Try again.': 'Nochmals.',
    'The disk': 'Die Platte',
    'Domain name': 'Domainname',
    Limits: 'Grenzen',
    'All is lost.': 'Alles ist verloren.',
    '{0} cannot be written ({1}).': 'In {0} kann nicht geschrieben werden ({1}).',
    'Applied: {0}.': 'Übernommen: {0}.',
    'Refused: {0} Mail goes on.': 'Abgelehnt: {0} Mail läuft weiter.',
    'It took {n0} ms.': 'Es dauerte {n0} ms.',
    'Sender: <{0}>.': 'Absender: <{0}>.',
    'In detail: {0}.': 'Genauer: {0}.',
    '{0} of {1} were refused: {2}': '{0} von {1} abgewiesen: {2}',
    '{a} leads to {b}.': 'Nach {b} führt {a}.',
  },
  'de',
)

describe('what the server says', () => {
  it.each([
    ['Try again.', 'Nochmals.'],
    ['a.example leads to 192.0.2.1.', 'Nach 192.0.2.1 führt a.example.'],
    ['It took 12.5 ms.', 'Es dauerte 12,5 ms.'],
    ['Sender: <>.', 'Absender: <>.'],
    ['In detail: 1 of 2 were refused: 550 5.1.1.', 'Genauer: 1 von 2 abgewiesen: 550 5.1.1.'],
  ])('%s is found', (english, german) => expect(sayings.told(english)).toBe(german))

  it('finds texts of its own in what was put in, and lists of them', () => {
    expect(sayings.told('The disk cannot be written (EROFS).')).toBe(
      'In Die Platte kann nicht geschrieben werden (EROFS).',
    )
    expect(sayings.told('Applied: Domain name, Limits.')).toBe('Übernommen: Domainname, Grenzen.')
    expect(sayings.told('Refused: All is lost. Mail goes on.')).toBe(
      'Abgelehnt: Alles ist verloren. Mail läuft weiter.',
    )
  })

  it('leaves values alone: names, addresses, words of others', () => {
    expect(sayings.told('Applied: Domain name, limits.')).toBe('Übernommen: Domain name, limits.')
    expect(sayings.told('The disk of anna')).toBe('The disk of anna')
    expect(sayings.told('anna@example.com')).toBe('anna@example.com')
  })

  it('finds sentence after sentence, and what a remark is about', () => {
    expect(sayings.told('Applied: Limits. Try again. Nobody knows this.')).toBe(
      'Übernommen: Grenzen. Nochmals. Nobody knows this.',
    )
    expect(sayings.told('port: Try again.')).toBe('port: Nochmals.')
  })

  it('is quick, also with what it does not know', () => {
    const german = new Sayings(catalogueOf('de'), 'de')
    for (let index = 0; index < 1_000; index++) {
      const text = `Something that nobody said, number ${index}. And more of it ${index}.`
      expect(german.told(text)).toBe(text)
    }
  })
})

describe('in the window', () => {
  it('changes with the language while it is open', async () => {
    const seen: string[] = []
    const stop = watchEffect(() => seen.push(told('Maximum size per email')))
    await setLanguage('ger')
    await nextTick()
    await setLanguage('jpn')
    await nextTick()
    stop()
    expect(seen).toEqual(['Maximum size per email', 'Maximale Größe pro E-Mail', 'メール 1 通の最大サイズ'])
  })

  it('tells problems, also those of fields, in the language in which one reads', async () => {
    const problem = new Problem(422, {
      code: 'invalid',
      message: 'Port 143 already belongs to IMAP. Choose another port.',
      field: 'smtp_port',
      next: 'Correct the marked fields.',
      fields: { max_hops: 'Enter a number of at least 1.' },
    })
    expect(problem.told).toBe(
      'Port 143 already belongs to IMAP. Choose another port. Correct the marked fields.',
    )
    await setLanguage('ger')
    expect(problem.message).toBe('Port 143 gehört schon zu IMAP. Wählen Sie einen anderen Port.')
    expect(problem.facts.next).toBe('Berichtigen Sie die markierten Felder.')
    expect(problem.fields).toEqual({
      smtp_port: problem.message,
      max_hops: 'Geben Sie eine Zahl von mindestens 1 ein.',
    })
  })

  it.each(NAMES)('says every page of settings in %s', async (name) => {
    await setLanguage(name)
    const said = Object.values(catalogueOf(name))
    const fields = schemas.flatMap(fieldsOf)
    const groups = schemas.flatMap(groupsOf)
    expect(fields.length).toBeGreaterThan(20)
    expect(
      fields.filter((field) => !said.includes(field.hints.help ?? '')).map((field) => field.name),
    ).toEqual([])
    expect(groups.filter((group) => !/SMTP|IMAP/.test(group.title) && !said.includes(group.title))).toEqual(
      [],
    )
  })

  it('tells choices and values in the language', async () => {
    await setLanguage('cht')
    const action = schemas.flatMap(fieldsOf).find((field) => field.hints.labels?.quarantine)
    expect(inWords(action, 'quarantine')).toBe('儲存至隔離區')
  })

  it('calls the menu what the menu is called', async () => {
    for (const name of NAMES) {
      const catalogue = catalogueOf(name)
      const [english, ours] = await Promise.all(['en', name].map(wordsOf))
      const menu = Object.entries(english!.menu as Words).filter(([, title]) => catalogue[title as string])
      expect(menu.length).toBeGreaterThan(2)
      for (const [id, title] of menu) expect(catalogue[title as string]).toBe((ours!.menu as Words)[id])
    }
  })
})

describe('numbers and dates', () => {
  it('are written as the reader writes them', async () => {
    const time = new Date(2026, 10, 24, 3, 39, 58).getTime() / 1000
    expect([number(12345.5), decimals(2), percent(12.4), listed(['a', 'b'])]).toEqual([
      '12,345.5',
      '2.0',
      '12%',
      'a, b',
    ])
    expect(moment(time)).toBe('11/24/2026, 03:39:58')
    await setLanguage('ger')
    expect([number(12345.5), decimals(2), percent(12.4)]).toEqual(['12.345,5', '2,0', '12\u00a0%'])
    expect(moment(time)).toBe('24.11.2026, 03:39:58')
    await setLanguage('cht')
    expect([moment(time).replace(/\s/, ' '), listed(['a', 'b'])]).toEqual(['2026/11/24 03:39:58', 'a、b'])
    await setLanguage('jpn')
    expect(moment(time)).toBe('2026/11/24 03:39:58')
  })
})
