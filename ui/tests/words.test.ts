import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { hasText, languageOf, setLanguage, t, wordsOf, type Words } from '../shared/i18n'

const UI = join(import.meta.dirname, '..')
const FOLDERS = ['admin', 'forms', 'mail', 'shared']
const NAMES = ['de', 'ja', 'zh-TW']
const OTHERS: Record<string, Words> = Object.fromEntries(
  await Promise.all(NAMES.map(async (name) => [name, await wordsOf(name)] as const)),
)

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? sources(path) : /\.(vue|ts)$/.test(entry.name) ? [path] : []
  })
}

function flat(words: Words, before = ''): Map<string, string> {
  const found = new Map<string, string>()
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') found.set(before + key, value)
    else flat(value, `${before}${key}.`).forEach((text, name) => found.set(name, text))
  }
  return found
}

const english = flat(await wordsOf('en'))
const code = FOLDERS.flatMap((folder) => sources(join(UI, folder))).map((file) => readFileSync(file, 'utf8'))
/** t('a.b') and t(x ? 'a.b' : 'a.c'): every key in the first argument; t(`a.${b}`): what stands before the ${. */
const calls = code.flatMap((text) => [...text.matchAll(/\bt\(([^)]*)/g)].map((match) => match[1]!))
const literal = calls.flatMap((call) => [
  ...[...call.matchAll(/'([a-z_]+(?:\.[a-z_]+)+)'/g)].map((match) => match[1]!),
  ...[...call.matchAll(/^\s*'([a-z_]+)'/g)].map((match) => match[1]!),
])
const prefixes = calls.flatMap((call) =>
  [...call.matchAll(/`([a-z_]+(?:\.[a-z_]+)*\.)\$\{/g)].map((match) => match[1]!),
)
const placeholders = (text: string) =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))].sort()

afterEach(() => setLanguage('en'))

describe('words', () => {
  it('says each area once', () => {
    const files = readdirSync(join(UI, 'shared', 'words'))
    const tops = files.flatMap((area) =>
      Object.keys(JSON.parse(readFileSync(join(UI, 'shared', 'words', area, 'en.json'), 'utf8')) as Words),
    )
    expect(tops.filter((name, at) => tops.indexOf(name) !== at)).toEqual([])
  })

  it('has every text that the pages ask for', () => {
    expect(literal.length).toBeGreaterThan(150)
    expect(literal.filter((key) => !hasText(key))).toEqual([])
    const orphans = prefixes.filter((prefix) => ![...english.keys()].some((key) => key.startsWith(prefix)))
    expect(orphans).toEqual([])
  })

  it('has no text that nobody asks for', () => {
    const all = code.join('\n')
    const unused = [...english.keys()].filter(
      (key) => !all.includes(`'${key}'`) && !prefixes.some((prefix) => key.startsWith(prefix)),
    )
    // Reached by a name that is put together elsewhere.
    expect(unused.filter((key) => !key.startsWith('tab.') && !key.startsWith('mail.'))).toEqual([])
  })

  it.each(Object.keys(OTHERS))('%s says everything that English says, with the same values in it', (name) => {
    const other = flat(OTHERS[name]!)
    expect([...other.keys()].sort()).toEqual([...english.keys()].sort())
    const differing = [...english].filter(
      ([key, text]) => placeholders(text).join() !== placeholders(other.get(key) ?? '').join(),
    )
    expect(differing.map(([key]) => key)).toEqual([])
  })

  it.each(Object.keys(OTHERS))('%s is translated, not copied', (name) => {
    const other = flat(OTHERS[name]!)
    const same = [...english].filter(
      ([key, text]) => other.get(key) === text && /[a-z]{4} [a-z]{3}/i.test(text),
    )
    expect(same.map(([key]) => key)).toEqual([])
  })

  it('counts as the language does', async () => {
    expect(t('kit.items', { n: 1 })).toBe('1 item')
    expect(t('kit.items', { n: 10000 })).toBe('10,000 items')
    await setLanguage('ger')
    expect(t('kit.items', { n: 10000 })).toBe('10.000 Einträge')
    expect(document.documentElement.lang).toBe('de')
  })

  it("understands DSM's and browsers' names of languages", () => {
    const names = ['enu', 'ger', 'jpn', 'cht', 'de-AT', 'ja-JP', 'zh-TW', 'zh-HK', 'zh-CN', 'xx']
    expect(names.map(languageOf)).toEqual([
      'en',
      'de',
      'ja',
      'zh-TW',
      'de',
      'ja',
      'zh-TW',
      'zh-TW',
      'en',
      'en',
    ])
  })
})
