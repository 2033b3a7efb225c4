import { t } from '../shared/i18n'
import { plain } from './search'

/** What is looked for and has no page: it comes later, or it is told in one sentence. */
export interface Note {
  id: string
  title: string
  text: string
  more: string
}

const LATER = [
  'greylisting',
  'authentication',
  'auto_reply',
  'content',
  'threats',
  'logs',
  'policies',
  'migration',
  'cluster',
  'backup',
  'mailing_lists',
  'learning',
]
const HINTS = ['language', 'open_relay']
const LEAST = 3

/** All of them, in the reader's language. */
export function notes(): Note[] {
  return [
    ...HINTS.map((id) => ({
      id,
      title: t(`later.hint.${id}`),
      text: t(`later.hint_text.${id}`),
      more: t(`later.hint_words.${id}`),
    })),
    ...LATER.map((id) => ({
      id,
      title: t(`later.topic.${id}`),
      text: t('later.comes'),
      more: t(`later.words.${id}`),
    })),
  ]
}

/** Those in which every word that is looked for begins a word. */
export function notesFor(all: Note[], text: string): Note[] {
  const wanted = plain(text)
    .split(/[\s-]+/)
    .filter(Boolean)
  if (!wanted.length || plain(text).trim().length < (isWide(text) ? 1 : LEAST)) return []
  return all.filter((note) => {
    const words = plain(`${note.title} ${note.more}`)
    const parts = words.split(/[\s(),-]+/)
    return wanted.every(
      (word) => parts.some((part) => part.startsWith(word)) || (isWide(word) && words.includes(word)),
    )
  })
}

/** Chinese and Japanese put no blanks between words. */
const isWide = (text: string): boolean => /[\u3040-\u30ff\u3400-\u9fff]/.test(text)
