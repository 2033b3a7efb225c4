import type { InjectionKey } from 'vue'
import { told } from '../shared/told'
import { fieldsOf, same, type Field, type SettingsSchema, type Values } from './schema'

/** One item of a list setting. A new one gets its id here, so that what was chosen stays so after an Apply. */
export interface Item extends Values {
  id: string
}

/** What of a list differs from what is saved: only that is sent, so that others' items are left alone. */
export interface ListEdit {
  put?: Item[]
  drop?: string[]
  order?: string[]
}

/** What the server would refuse if the list were this one: {LIST/ID/FIELD: sentence}. Throws when it does not answer. */
export type Judge = (list: string, items: Item[]) => Promise<Record<string, string>>
/** Whoever shows a form with lists says who judges them. */
export const JUDGE: InjectionKey<Judge> = Symbol('judge')

const ID_BYTES = 6
/** In the form that the server has for ids (core/lists.py). */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const newItem = (usual: Values): Item => ({ ...usual, id: newId() })

/** {field: sentence} of one item, among {LIST/ID/FIELD: sentence}; "" is the item as a whole. */
export function faultsOf(errors: Record<string, string>, list: string, id: string): Record<string, string> {
  const start = `${list}/${id}`
  const own = Object.entries(errors).filter(([name]) => name === start || name.startsWith(`${start}/`))
  return Object.fromEntries(own.map(([name, sentence]) => [name.slice(start.length + 1), sentence]))
}

/** The schema of a list's items, as if it were a page's; null when the field is no list of items. */
export function itemSchemaOf(schema: SettingsSchema, field: Field): SettingsSchema | null {
  const name = field.property.items?.$ref?.split('/').pop()
  const found = name ? schema.$defs?.[name] : undefined
  if (!found?.properties) return null
  const properties = Object.fromEntries(Object.entries(found.properties).filter(([name]) => name !== 'id'))
  return {
    ...(found as unknown as SettingsSchema),
    properties,
    $defs: schema.$defs,
    title: told(found.title ?? field.title),
  }
}

/** What a new item begins with: each field's default. */
export function usualItem(schema: SettingsSchema): Values {
  const known = fieldsOf(schema).map((field) => [field.name, field.property.default ?? null] as const)
  return structuredClone(Object.fromEntries(known)) as Values
}

export function listEdit(saved: Item[], now: Item[]): ListEdit {
  const before = new Map(saved.map((item) => [item.id, item]))
  const after = new Set(now.map((item) => item.id))
  const put = now.filter((item) => !same(before.get(item.id), item))
  const drop = saved.filter((item) => !after.has(item.id)).map((item) => item.id)
  const ids = (items: Item[]) => items.map((item) => item.id)
  // Without an order the server keeps its own, and puts new items behind.
  const unmoved = [
    ...saved.filter((item) => after.has(item.id)),
    ...now.filter((item) => !before.has(item.id)),
  ]
  const moved = !same(ids(unmoved), ids(now))
  return {
    ...(put.length && { put }),
    ...(drop.length && { drop }),
    ...(moved && { order: ids(now) }),
  }
}

/** Whether a value is a list of items, and whether one is an edit of such a list. */
export const isList = (value: unknown): value is Item[] =>
  Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
export const isEdit = (value: unknown): value is ListEdit =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The list after an edit, as the server makes it. */
export function withEdit(items: Item[], edit: ListEdit): Item[] {
  const put = (edit.put ?? []) as Item[]
  const kept = items
    .filter((item) => !edit.drop?.includes(item.id))
    .map((item) => put.find((one) => one.id === item.id) ?? item)
  const fresh = put.filter((one) => !items.some((item) => item.id === one.id))
  const rank = (item: Item) => (edit.order?.indexOf(item.id) ?? -1) >>> 0
  return [...kept, ...fresh].sort((one, other) => rank(one) - rank(other))
}

/** The same item at another place. */
export function movedTo(items: Item[], from: number, to: number): Item[] {
  const rest = items.filter((_, index) => index !== from)
  rest.splice(to, 0, items[from]!)
  return rest
}
