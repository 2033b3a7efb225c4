import { ref, shallowReactive } from 'vue'

export interface Words {
  [key: string]: string | Words
}
export type Arguments = Record<string, string | number>

/** words/AREA/LANGUAGE.json: an area is a file of its own, so that each page's texts lie together. */
const ENGLISH = import.meta.glob<Words>('./words/*/en.json', { eager: true, import: 'default' })
const OTHERS = import.meta.glob<Words>('./words/*/*.json', { import: 'default' })
const LANGUAGES = ['de', 'ja', 'zh-TW']

/** DSM's names of languages. */
const DSM: Record<string, string> = { enu: 'en', ger: 'de', jpn: 'ja', cht: 'zh-TW' }
const PLURALS = ['zero', 'one', 'two', 'few', 'many', 'other'] as const

export const language = ref('en')
const known = shallowReactive<Record<string, Words>>({
  en: Object.assign({}, ...Object.values(ENGLISH)) as Words,
})

/** The language of ours for a name of DSM's or of a browser's; English when there is none. */
export function languageOf(name: string): string {
  const found =
    DSM[name] ?? [name, name.split('-')[0] ?? ''].find((one) => one === 'en' || LANGUAGES.includes(one))
  if (found) return found
  return name.startsWith('zh') && name !== 'zh-CN' ? 'zh-TW' : 'en'
}

/** All texts of one language. */
export async function wordsOf(chosen: string): Promise<Words> {
  const areas = Object.entries(OTHERS).filter(([path]) => path.endsWith(`/${chosen}.json`))
  return Object.assign({}, ...(await Promise.all(areas.map(([, load]) => load())))) as Words
}

export async function setLanguage(name: string): Promise<void> {
  const chosen = languageOf(name)
  if (chosen !== 'en' && !known[chosen]) known[chosen] = await wordsOf(chosen)
  language.value = chosen
  document.documentElement.lang = chosen
}

function find(from: string, key: string): string | undefined {
  let place: string | Words | undefined = known[from]
  for (const part of key.split('.')) place = typeof place === 'object' ? place[part] : undefined
  return typeof place === 'string' ? place : undefined
}

/** One of the forms "one item | {n} items", as the language counts. */
function plural(forms: string[], count: number): string {
  const rules = new Intl.PluralRules(language.value)
  const categories = rules.resolvedOptions().pluralCategories
  const order = PLURALS.filter((name) => categories.includes(name))
  return forms[Math.min(forms.length - 1, order.indexOf(rules.select(count)))]!
}

/** The text for a key in the reader's language. `n` chooses the plural form; {names} are replaced. */
export function t(key: string, values: Arguments = {}): string {
  let text = find(language.value, key) ?? find('en', key) ?? key
  if (typeof values.n === 'number' && text.includes(' | ')) text = plural(text.split(' | '), values.n)
  return text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    return typeof value === 'number' ? value.toLocaleString(language.value) : (value ?? '')
  })
}

/** Whether there is a text for this key (in English, which has all). */
export const hasText = (key: string): boolean => find('en', key) !== undefined
