import { Validator, type Schema } from '@cfworker/json-schema'
import type { ComputedRef, InjectionKey } from 'vue'
import { listed, number, plainNumber } from '../shared/format'
import { t } from '../shared/i18n'
import { told } from '../shared/told'
import { memberInWords } from './members'
import { isKept } from './secret'

export interface Hints {
  /** Of an item's field: shown as a column of the list. */
  column?: boolean
  /** Of a list: the order counts, so it can be changed. */
  ordered?: boolean
  group?: string
  rows?: string
  help?: string
  parameter?: string
  costs?: string
  depends?: Record<string, unknown>
  labels?: Record<string, string>
  unit?: string
  indent?: number
  widget?: string
  placeholder?: string
  /** {other field: {its value: the placeholder meanwhile}}. */
  placeholders?: Record<string, Record<string, string>>
}

export interface Property {
  $ref?: string
  type?: string
  title?: string
  description?: string
  enum?: (string | number)[]
  /** The only choice that there is. */
  const?: string | number
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  maxItems?: number
  pattern?: string
  items?: Property
  properties?: Record<string, Property>
  default?: unknown
  'x-ui'?: Hints
}

export interface SettingsSchema {
  title: string
  properties: Record<string, Property>
  $defs?: Record<string, Property>
  'x-groups'?: { id: string; title: string }[]
  /** Whether the groups are tabs. */
  'x-tabs'?: boolean
  [key: string]: unknown
}

export type Values = Record<string, unknown>
const KNOWN = [
  'items',
  'check',
  'radio',
  'select',
  'number',
  'tags',
  'members',
  'textarea',
  'html',
  'text-from-html',
  'secret',
  'text',
] as const
export type Widget = (typeof KNOWN)[number]

export interface Field {
  name: string
  title: string
  property: Property
  hints: Hints
  widget: Widget
}

/** The form around a control: the other fields and their values. */
export const BESIDE: InjectionKey<ComputedRef<{ fields: Field[]; values: Values }>> = Symbol('beside')

export interface Group {
  id: string
  title: string
  fields: Field[]
}

/** A property with what its $ref says (JSON Schema 2020-12: what stands beside $ref applies too). */
function resolved(schema: SettingsSchema, property: Property): Property {
  const name = property.$ref?.split('/').pop()
  const definition = (name && schema.$defs?.[name]) || {}
  return { ...definition, ...property, title: property.title ?? definition.title }
}

/** What can be chosen, if it is a choice; a choice of one is declared as `const`. */
export function choicesOf({ enum: several, const: only }: Property): (string | number)[] | undefined {
  return several ?? (only === undefined ? undefined : [only])
}

function widgetOf(property: Property, hints: Hints): Widget {
  const asked = KNOWN.find((widget) => widget === hints.widget)
  if (asked) return asked
  if (choicesOf(property)) return 'select'
  if (property.type === 'boolean') return 'check'
  if (property.type === 'integer' || property.type === 'number') return 'number'
  if (property.items?.$ref) return 'items'
  return property.type === 'array' ? 'tags' : 'text'
}

/** What the server says about a field, in the reader's language. */
export function localised<H extends Hints>(hints: H): H {
  const labels = Object.entries(hints.labels ?? {}).map(([choice, label]) => [choice, told(label)])
  const texts = (['help', 'costs', 'unit', 'placeholder'] as const).filter((name) => hints[name])
  return {
    ...hints,
    ...Object.fromEntries(texts.map((name) => [name, told(hints[name])])),
    ...(hints.labels && { labels: Object.fromEntries(labels) as Record<string, string> }),
  }
}

export function fieldsOf(schema: SettingsSchema): Field[] {
  return Object.entries(schema.properties).map(([name, raw]) => {
    const property = resolved(schema, raw)
    const hints = localised(property['x-ui'] ?? {})
    return { name, title: told(property.title ?? name), property, hints, widget: widgetOf(property, hints) }
  })
}

/** The boxes of the page in order; fields of no known group come first under the page's own title. */
export function groupsOf(schema: SettingsSchema): Group[] {
  const fields = fieldsOf(schema)
  const groups = schema['x-groups'] ?? []
  const loose = fields.filter((field) => !groups.some((group) => group.id === field.hints.group))
  const boxes = groups.map((group) => ({
    ...group,
    title: told(group.title),
    fields: fields.filter((field) => field.hints.group === group.id),
  }))
  return [...(loose.length ? [{ id: '', title: told(schema.title), fields: loose }] : []), ...boxes]
}

/** What keeps a field from having an effect: another field, and which values of that one it needs. */
export interface Blocker {
  field: Field
  needed: unknown[]
}

/** What keeps this field from having an effect now, or null when it is in use. */
export function blocker(field: Field, all: Field[], values: Values): Blocker | null {
  for (const [name, needed] of Object.entries(field.hints.depends ?? {})) {
    const other = all.find((one) => one.name === name)
    if (!other) continue
    const above = blocker(other, all, values)
    if (above) return above
    const several = Array.isArray(needed) ? (needed as unknown[]) : [needed]
    if (!several.some((one) => same(values[name], one))) return { field: other, needed: several }
  }
  return null
}

/** Which way a field depends on another: what it needs, or while what it is not used. */
export function dependence({ field, needed }: Blocker): string {
  const title = field.title
  if (needed.length === 1 && needed[0] === true) return t('form.needs', { title })
  if (needed.length === 1 && needed[0] === false) return t('form.not_while', { title })
  const others = (choicesOf(field.property) ?? []).filter((one) => !needed.some((value) => same(value, one)))
  if (others.length === 1) return t('form.not_while_value', { title, value: inWords(field, others[0]) })
  const words = needed.map((value) => `“${inWords(field, value)}”`)
  return t('form.needs_value', { title, value: listed(words) })
}

/** An example in the right form, or what it means that the field is empty. */
export function placeholderOf(field: Field, values: Values): string | undefined {
  for (const [name, byValue] of Object.entries(field.hints.placeholders ?? {})) {
    const found = byValue[String(values[name])]
    if (found) return found
  }
  return field.hints.placeholder
}

const EXAMPLE = /\be\.g\. /
/** What stands greyed in an empty field. An example says that it is one, so that nobody takes it for a value. */
export function greyed(field: Field, values: Values): string | undefined {
  const text = placeholderOf(field, values)
  const { placeholder, labels } = field.property['x-ui'] ?? {}
  // Said in whole words already: what an empty field means, or how to add one, with an example in it.
  const inSentence = EXAMPLE.test(placeholder ?? '') || (placeholder && placeholder === labels?.[''])
  return text && !inSentence ? t('form.example', { example: text }) : text
}

export const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What of `now` differs from `saved`. */
export function changesOf(saved: Values, now: Values): Values {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !same(value, saved[name])))
}

function sentence(property: Property, keyword: string, value: unknown, example?: string): string {
  if (value === null || value === undefined || value === '') return t('form.required')
  const { minimum, maximum } = property
  if (property.type === 'integer' && !Number.isInteger(value)) return t('form.whole')
  if (minimum !== undefined && maximum !== undefined) return t('form.range', { minimum, maximum })
  if (minimum !== undefined) return t('form.minimum', { minimum })
  if (maximum !== undefined) return t('form.maximum', { maximum })
  if (property.type === 'number') return t('form.number')
  if (keyword === 'minLength') return t('form.short', { n: property.minLength ?? 1 })
  if (keyword === 'maxLength') return t('form.long', { n: property.maxLength ?? 0 })
  if (keyword === 'maxItems') return t('form.many', { n: property.maxItems ?? 0 })
  if (keyword === 'pattern' && example) return t('list.like', { example })
  return property.pattern ? t('form.pattern') : t('form.invalid')
}

/**
 * What is to be checked: a secret that is kept as it is was checked when it was set, and each item of a list in its
 * dialog; there may be thousands of them.
 */
function typed(fields: Field[], values: Values): Values {
  const kept = fields.filter((field) => field.widget === 'secret' && isKept(values[field.name]))
  const lists = fields.filter((field) => field.widget === 'items')
  const checked = [
    ...kept.map(({ name }) => [name, ''] as const),
    ...lists.map(({ name }) => [name, []] as const),
  ]
  return { ...values, ...Object.fromEntries(checked) }
}

/** {list: sentence} of those that are too long. */
function tooLong(fields: Field[], values: Values): Record<string, string> {
  const long = fields.filter(
    ({ name, widget, property }) =>
      widget === 'items' &&
      ((values[name] as unknown[] | undefined)?.length ?? 0) > (property.maxItems ?? Infinity),
  )
  return Object.fromEntries(
    long.map(({ name, property }) => [name, sentence(property, 'maxItems', values[name])]),
  )
}

/** {field: sentence} of what the schema refuses. Fields without effect now are not held against anybody. */
export function errorsOf(schema: SettingsSchema, values: Values): Record<string, string> {
  const fields = fieldsOf(schema)
  const found = tooLong(fields, values)
  const result = new Validator(schema as unknown as Schema, '2020-12', false).validate(typed(fields, values))
  for (const error of result.errors) {
    const name = error.instanceLocation.split('/')[1]
    const field = fields.find((one) => one.name === name)
    if (!field || found[field.name] || blocker(field, fields, values)) continue
    found[field.name] = sentence(
      field.property,
      error.keyword,
      values[field.name],
      placeholderOf(field, values),
    )
  }
  return found
}

/** A value in words, as its field shows it. */
export function inWords(field: Field | undefined, value: unknown): string {
  if (value === true) return t('form.on')
  if (value === false) return t('form.off')
  if (value === null || value === undefined || value === '')
    return field?.hints.labels?.[''] ?? t('form.empty')
  if (isKept(value)) return t(value.another ? 'secret.another' : value.set ? 'secret.set' : 'form.empty')
  if (field?.widget === 'secret') return t('secret.another')
  if (field?.widget === 'members') return (value as string[]).map(memberInWords).join(', ')
  if (Array.isArray(value)) return value.length ? value.join(', ') : t('form.empty')
  const plain = typeof value === 'number' ? plainNumber(value) : String(value)
  const label = field?.hints.labels?.[String(value)] ?? plain
  return field?.hints.unit ? `${label} ${field.hints.unit}` : label
}

/** "1 – 65,535", or "" when the schema sets no bounds. */
export function rangeOf({ minimum, maximum }: Property): string {
  if (minimum === undefined && maximum === undefined) return ''
  const [from, to] = [minimum, maximum].map((bound) => (bound === undefined ? '…' : number(bound)))
  return `${from} – ${to}`
}
