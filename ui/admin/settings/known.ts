import { computed, shallowRef } from 'vue'
import { inWords, localised, type Field, type Hints } from '../../forms/schema'
import { told } from '../../shared/told'
import { api } from '../session'

/** One setting of any page, as far as it is needed to find it and to tell its values. */
export interface KnownSetting {
  page: string
  key: string
  title: string
  group: string
  help?: string
  parameter?: string
  labels?: Record<string, string>
  unit?: string
  widget?: string
}

const read = shallowRef<KnownSetting[]>([])
/** In the reader's language. */
export const known = computed(() =>
  read.value.map((one) => localised({ ...one, title: told(one.title), group: told(one.group) })),
)
const byName = computed(() => new Map(known.value.map((one) => [`${one.page}.${one.key}`, one])))
let reading: Promise<void> | null = null

/** Read all settings once; after a failure the next call tries again. */
export function readKnown(): Promise<void> {
  reading ??= api
    .get<KnownSetting[]>('settings/fields')
    .then((found) => void (read.value = found))
    .catch(() => void (reading = null))
  return reading
}

export const settingNamed = (page: string, key: string): KnownSetting | undefined =>
  byName.value.get(`${page}.${key}`)

/** A value as its field would show it, whichever page the field is on. */
export function valueInWords(page: string, key: string, value: unknown): string {
  const found = settingNamed(page, key)
  if (!found) return inWords(undefined, value)
  const hints: Hints = { labels: found.labels, unit: found.unit }
  const field: Field = {
    name: key,
    title: found.title,
    property: {},
    hints,
    widget: found.widget === 'secret' ? 'secret' : 'text',
  }
  return inWords(field, value)
}
