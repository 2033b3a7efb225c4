import { listed } from '../../shared/format'
import { t } from '../../shared/i18n'
import { told } from '../../shared/told'
import type { Change } from '../types'
import { valueInWords } from './known'

/** More of a list, or of a text, than this is not read in a line of the history. */
const ITEMS_MAX = 3
const LETTERS_MAX = 60
const CLOSE = '…'

const short = (text: string) => (text.length > LETTERS_MAX ? text.slice(0, LETTERS_MAX) + CLOSE : text)

/** What one change of the history did, in a sentence, with the old and the new value. */
export function sentenceOf(change: Change): string {
  const title = told(change.title)
  if (change.items) return listSentence(change, title)
  if (typeof change.new === 'boolean') return t(change.new ? 'history.on' : 'history.off', { title })
  const [old, now] = [change.old, change.new].map((value) =>
    short(valueInWords(change.page, change.key, value)),
  )
  return t('history.changed', { title, old: old!, now: now! })
}

function listSentence({ items = [], moved, more = 0 }: Change, title: string): string {
  if (!items.length) return t('history.moved', { title })
  const kinds = [
    ['history.added', items.filter((item) => !item.old)],
    ['history.removed', items.filter((item) => !item.new)],
    ['history.edited', items.filter((item) => item.old && item.new)],
  ] as const
  const parts = kinds
    .filter(([, those]) => those.length)
    .map(([word, those]) => {
      const names = those.slice(0, ITEMS_MAX).map((item) => short(item.name))
      const rest = those.length - names.length
      return t(word, { names: listed(rest ? [...names, t('history.rest', { n: rest })] : names) })
    })
  if (more) parts.push(t('history.rest', { n: more }))
  if (moved) parts.push(t('list.moved'))
  return t('history.of_list', { title, what: parts.join('; ') })
}
