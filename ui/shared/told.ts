import { shallowReactive, watch } from 'vue'
import { language } from './i18n'

/** said/LANGUAGE.json: what the server says in English, with {0} for what it puts in, and how we say it. */
export type Catalogue = Record<string, string>
const FILES = import.meta.glob<Catalogue>('./said/*.json', { import: 'default' })

interface Pattern {
  /** What the English text begins and ends with: most texts are told apart by that alone. */
  head: string
  tail: string
  letters: number
  form: RegExp
  names: string[]
  translation: string
}

/** What was found for a text, and how many letters of the English are ours: not put in by somebody else. */
interface Found {
  text: string
  letters: number
}

const PLACE = /\{(\w+)\}/
const SENTENCES = /(?<=[.!?]) /
const TWO_SENTENCES = /[.!?] [A-Z“]/
const KEPT = 2_000

function patternOf(english: string, translation: string): Pattern {
  const parts = english.split(PLACE)
  const literals = parts.filter((_, at) => at % 2 === 0)
  const escaped = literals.map((literal) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return {
    head: literals[0]!,
    tail: literals.at(-1)!,
    letters: literals.join('').length,
    form: new RegExp(`^${escaped.join('(.*?)')}$`, 's'),
    names: parts.filter((_, at) => at % 2 === 1),
    translation,
  }
}

/** All that the server says, in one language. */
export class Sayings {
  private readonly exact = new Map<string, Found>()
  private readonly patterns: Pattern[] = []
  private readonly known = new Map<string, string>()

  constructor(
    catalogue: Catalogue,
    private readonly name: string,
  ) {
    for (const [english, translation] of Object.entries(catalogue)) {
      if (PLACE.test(english)) this.patterns.push(patternOf(english, translation))
      else this.exact.set(english, { text: translation, letters: english.length })
    }
    // The most words first: of two that fit as well, the plainer one.
    this.patterns.sort((one, other) => other.letters - one.letters)
  }

  told(text: string): string {
    let found = this.known.get(text)
    if (found === undefined) {
      found = (this.whole(text) ?? this.pieces(text) ?? this.remark(text))?.text ?? text
      if (this.known.size >= KEPT) this.known.clear()
      this.known.set(text, found)
    }
    return found
  }

  /** One text of the catalogue: of those that fit the one of which most letters are ours. */
  private whole(text: string): Found | undefined {
    const exact = this.exact.get(text)
    if (exact) return exact
    let best: Found | undefined
    for (const pattern of this.patterns) {
      if (!text.startsWith(pattern.head) || !text.endsWith(pattern.tail)) continue
      const values = pattern.form.exec(text)?.slice(1)
      const found = values && this.filled(pattern, values)
      if (found && found.letters > (best?.letters ?? 0)) best = found
    }
    return best
  }

  private filled({ names, letters, translation }: Pattern, values: string[]): Found | undefined {
    const said = new Map<string, string>()
    for (const [at, value] of values.entries()) {
      const found = this.value(names[at]!, value)
      if (!found) return undefined
      letters += found.letters
      said.set(names[at]!, found.text)
    }
    return { letters, text: translation.replace(/\{(\w+)\}/g, (_, name: string) => said.get(name) ?? '') }
  }

  /**
   * What was put in: a text of ours, a list or a path of such, or something that is left alone. Nothing when it holds
   * sentences that are not ours: then another text fits better.
   */
  private value(place: string, value: string): Found | undefined {
    if (place.startsWith('n') && /^-?\d+\.\d+$/.test(value)) return { text: this.number(value), letters: 0 }
    const found = this.whole(value) ?? this.list(value, ', ', this.comma) ?? this.list(value, ' > ', ' > ')
    if (found) return found
    return TWO_SENTENCES.test(value) ? this.pieces(value, true) : { text: value, letters: 0 }
  }

  private list(text: string, between: string, ours: string): Found | undefined {
    const parts = text.split(between)
    if (parts.length < 2) return undefined
    const found = parts.map((part) => this.exact.get(part)?.text)
    return found.includes(undefined) ? undefined : { text: found.join(ours), letters: text.length }
  }

  /** Several texts one after the other; those that are not known stay as they are, unless all have to be. */
  private pieces(text: string, all = false): Found | undefined {
    const parts = text.split(SENTENCES)
    let said = ''
    let letters = 0
    for (let from = 0; from < parts.length;) {
      let to = parts.length
      let found: Found | undefined
      while (to > from && !found) found = this.whole(parts.slice(from, to--).join(' '))
      if (!found && all) return undefined
      letters += found?.letters ?? 0
      said += `${said && !/[。！？]$/.test(said) ? ' ' : ''}${found?.text ?? parts[from]!}`
      from = found ? to + 1 : from + 1
    }
    return letters ? { text: said, letters } : undefined
  }

  /** "What it is about: the remark". */
  private remark(text: string): Found | undefined {
    const [about = '', ...more] = text.split(': ')
    const rest = more.join(': ')
    const found = rest ? (this.whole(rest) ?? this.pieces(rest)) : undefined
    return found && { ...found, text: `${this.exact.get(about)?.text ?? about}: ${found.text}` }
  }

  private get comma(): string {
    return this.name === 'de' ? ', ' : '、'
  }

  private number(value: string): string {
    const digits = value.split('.')[1]!.length
    return Number(value).toLocaleString(this.name, { minimumFractionDigits: digits, useGrouping: false })
  }
}

const sayings = shallowReactive<Record<string, Sayings>>({})

/** Read a language's catalogue; it may take a while, and what is on screen then changes by itself. */
export async function loadSayings(name: string): Promise<void> {
  const load = FILES[`./said/${name}.json`]
  if (load && !sayings[name]) sayings[name] = new Sayings(await load(), name)
}

watch(language, (name) => void loadSayings(name), { immediate: true })

/** A text of the server's in the reader's language. What is not known is shown as the server said it. */
export function told(text: string | null | undefined): string {
  return text ? (sayings[language.value]?.told(text) ?? text) : ''
}
