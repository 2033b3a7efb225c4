import { fieldsOf, same, type Field, type SettingsSchema, type Values } from './schema'

/** One item of a list setting. Until it has been applied a new one has an id of ours, which begins with a capital. */
export interface Item extends Values {
  id: string
}

/** What of a list differs from what is saved: only that is sent, so that others' items are left alone. */
export interface ListEdit {
  put?: Values[]
  drop?: string[]
  order?: string[]
}

const NEW = 'N'
let last = 0

export const newItem = (usual: Values): Item => ({ ...usual, id: `${NEW}${++last}` })
const isNew = (item: Item) => item.id.startsWith(NEW)

/** The schema of a list's items, as if it were a page's; null when the field is no list of items. */
export function itemSchemaOf(schema: SettingsSchema, field: Field): SettingsSchema | null {
  const name = field.property.items?.$ref?.split('/').pop()
  const found = name ? schema.$defs?.[name] : undefined
  if (!found?.properties) return null
  const properties = Object.fromEntries(Object.entries(found.properties).filter(([name]) => name !== 'id'))
  return { ...(found as unknown as SettingsSchema), properties, $defs: schema.$defs, title: field.title }
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
  const kept = (items: Item[]) => items.filter((item) => before.has(item.id) && after.has(item.id))
  const moved = !same(
    kept(saved).map((item) => item.id),
    kept(now).map((item) => item.id),
  )
  return {
    ...(put.length && { put: put.map(({ id, ...rest }) => (isNew({ id }) ? rest : { id, ...rest })) }),
    ...(drop.length && { drop }),
    ...(moved && { order: now.filter((item) => !isNew(item)).map((item) => item.id) }),
  }
}

/** Whether a value is a list of items, and whether one is an edit of such a list. */
export const isList = (value: unknown): value is Item[] =>
  Array.isArray(value) && value.length > 0 && typeof value[0] === 'object'
export const isEdit = (value: unknown): value is ListEdit =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The list after an edit, as the server makes it. */
export function withEdit(items: Item[], edit: ListEdit): Item[] {
  const put = (edit.put ?? []).map((item) => (item.id ? (item as Item) : newItem(item)))
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
