import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { isEdit, isList, listEdit, withEdit, type Item } from '../../forms/items'
import { changesOf, errorsOf, same, type Values } from '../../forms/schema'
import { toast, withdrawAction } from '../../kit/toasts'
import { t } from '../../shared/i18n'
import { told } from '../../shared/told'
import { Problem, UNREACHABLE, problemOf } from '../../shared/problem'
import { api } from '../session'
import type { Applied, Difference, PageFacts, SettingsIndex, StaleChange } from '../types'

/** What an Apply failed on that belongs to the whole page and to no field (check, reload or probe; rules across fields). */
const PAGE = 'page'
/** No answer at all, or one of something between us and the server: what was asked may have been done. */
const LOST = [0, 502, 503, 504]
const LOOK_AGAIN_MS = 1_500

/** One settings page with what is typed on it, and the ways to apply, preview and put back. */
export function useSettingsPage(page: string) {
  const facts = shallowRef<PageFacts | null>(null)
  const values = ref<Values>({})
  const loadProblem = shallowRef<Problem | null>(null)
  const applyProblem = shallowRef<Problem | null>(null)
  const refused = shallowRef<Record<string, { value: unknown; problem: Problem }>>({})
  const stale = shallowRef<StaleChange[] | null>(null)
  const preview = shallowRef<Difference | null>(null)
  const busy = ref(false)
  let left = false
  onBeforeUnmount(() => (left = true))

  const saved = computed(() => facts.value?.values ?? {})
  /** Exactly what Apply sends: of a list only the items that differ. */
  const changes = computed(() =>
    facts.value ? edits(saved.value, changesOf(saved.value, values.value)) : {},
  )
  const changed = computed(() => Object.keys(changes.value).length)
  /** What the schema refuses, and what the server refused as long as that very value stands there. */
  const errors = computed(() => {
    const own = facts.value ? errorsOf(facts.value.schema, values.value) : {}
    const standing = Object.entries(refused.value).filter(([name, one]) => same(valueAt(name), one.value))
    return {
      ...Object.fromEntries(
        standing.map(([name, { problem }]) => [name, problem.fields[name] ?? problem.message]),
      ),
      ...own,
    }
  })

  /** The items of each list by their id: a list may have thousands, and each of them may be refused. */
  const byId = computed(() =>
    Object.fromEntries(
      Object.entries(values.value).map(([name, value]) => [
        name,
        new Map(isList(value) ? value.map((item) => [item.id, item] as const) : []),
      ]),
    ),
  )
  /** What stands at SETTING, or at SETTING/ITEM and its fields; undefined when there is no such thing. */
  function valueAt(path: string): unknown {
    const [name = '', id] = path.split('/')
    return id === undefined ? values.value[name] : byId.value[name]?.get(id)
  }

  const copied = (): Values => JSON.parse(JSON.stringify(values.value)) as Values

  /** Read the page. On top of the newer values stay `keep` and whatever was typed `since` then. */
  async function load(keep: Values = {}, since = copied()): Promise<void> {
    try {
      const fresh = await api.get<PageFacts>(`settings/${page}`)
      const typed = edits(since, changesOf(since, values.value))
      facts.value = fresh
      values.value = { ...structuredClone(fresh.values), ...onTop(fresh.values, { ...keep, ...typed }) }
      loadProblem.value = null
    } catch (reason) {
      loadProblem.value = problemOf(reason)
    }
  }

  /** Somebody applied something: a page without own changes just shows it; with own ones the Apply will tell. */
  async function followOthers(): Promise<void> {
    if (!changed.value && !busy.value) await load()
  }

  function reset(): void {
    values.value = structuredClone(facts.value?.values ?? {})
    applyProblem.value = null
    refused.value = {}
  }

  /** The answer to an Apply did not come: look until it is known whether it went through, and say so. */
  async function settle(wanted: Values, base: number): Promise<void> {
    const told = (message: string, next = '') => new Problem(0, { code: UNREACHABLE, message, next })
    applyProblem.value = told(t('settings.lost'))
    const end = await whenSettled()
    if (!end) return
    await load({ ...wanted, ...changes.value })
    const through =
      end > base &&
      Object.keys(wanted).every((key) => isEdit(wanted[key]) || same(saved.value[key], wanted[key]))
    applyProblem.value = through ? null : told(t('settings.lost_nothing'), t('settings.lost_next'))
    if (through) toast(t('settings.lost_applied'))
  }

  /** The revision in force when the server answers again and no Apply is under way; 0 when the page was left. */
  async function whenSettled(): Promise<number> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS))
      if (left) return 0
      const index = await api.get<SettingsIndex>('settings').catch(() => null)
      if (index && !index.applying) return index.revision
    }
  }

  function take(problem: Problem): void {
    if (problem.code === 'stale') {
      stale.value = (problem.facts.changes ?? []) as StaleChange[]
      return
    }
    applyProblem.value = problem
    const [ofPage, key] = splitSetting(problem.facts.setting)
    const names = new Set([...Object.keys(problem.fields), ...(ofPage === page ? [key] : [])])
    const places = [...names].filter((name) => name !== PAGE && valueAt(name) !== undefined)
    // A copy: an edited item is refused no longer, the others are.
    refused.value = Object.fromEntries(
      places.map((name) => [name, { value: JSON.parse(JSON.stringify(valueAt(name))) as unknown, problem }]),
    )
  }

  async function trying<T>(
    act: () => Promise<T>,
    lost: () => Promise<void> = async () => {},
  ): Promise<T | undefined> {
    busy.value = true
    applyProblem.value = null
    try {
      return await act()
    } catch (reason) {
      const problem = problemOf(reason)
      take(problem)
      if (LOST.includes(problem.status)) await lost()
      return undefined
    } finally {
      busy.value = false
    }
  }

  const body = (wanted: Values, revision: number) => ({ revision, page, changes: wanted })

  async function apply(wanted: Values = changes.value, revision = facts.value!.revision): Promise<void> {
    const sent = copied()
    withdrawAction()
    const done = await trying(
      () => api.post<Applied>('settings/apply', body(wanted, revision)),
      () => settle(wanted, revision),
    )
    preview.value = null
    if (!done) return
    stale.value = null
    refused.value = {}
    const warnings = (done.warnings ?? []).map((warning) => told(warning.text))
    const text = [t('settings.applied', { n: done.changed.length }), ...warnings].join(' ')
    const run = () => undo(done.revision, revision)
    toast(text, warnings.length ? 'bad' : 'good', { label: t('settings.undo'), run })
    await load({}, sent)
  }

  /** What an Apply of this list would be refused for: as on screen otherwise, but for what is marked already. */
  async function judge(list: string, items: Item[]): Promise<Record<string, string>> {
    const wanted = edits(saved.value, changesOf(saved.value, { ...values.value, [list]: items }))
    const marked = new Set(Object.keys(errors.value).map(settingOf))
    const asked = Object.entries(wanted).filter(([name]) => name === list || !marked.has(name))
    if (!(list in wanted)) return {}
    const body = { page, changes: Object.fromEntries(asked) }
    const { fields } = await api.post<{ fields: Record<string, string> }>('settings/check', body)
    return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, told(text)]))
  }

  /** Take back the Apply that made `made`, unless something was applied since; also after the page was left. */
  async function undo(made: number, former: number): Promise<void> {
    try {
      await api.post<Applied>('settings/put-back', { revision: made, to: former, page })
      toast(t('settings.undone'))
    } catch (reason) {
      toast(problemOf(reason).told, 'bad')
    }
    if (!left) await load()
  }

  async function showPreview(): Promise<void> {
    const found = await trying(() =>
      api.post<Difference>('settings/preview', body(changes.value, facts.value!.revision)),
    )
    if (found) preview.value = found
  }

  /** After the decision about somebody else's changes: the chosen own ones on top of theirs. */
  async function applyOver(mine: Values): Promise<void> {
    await load(mine)
    await apply(mine)
  }

  async function discard(): Promise<void> {
    stale.value = null
    reset()
    await load()
  }

  async function putBack(to: number): Promise<void> {
    withdrawAction()
    const request = { revision: facts.value!.revision, to, page }
    const done = await trying(() => api.post<Applied>('settings/put-back', request))
    if (!done) return
    toast(t('settings.put_back', { revision: to }))
    reset()
    await load()
  }

  return {
    facts,
    values,
    saved,
    changes,
    changed,
    errors,
    busy,
    stale,
    preview,
    loadProblem,
    applyProblem,
    load,
    followOthers,
    reset,
    apply,
    judge,
    showPreview,
    applyOver,
    discard,
    putBack,
  }
}

/** SETTING of SETTING/ITEM/FIELD. */
const settingOf = (name: string): string => name.split('/')[0]!

function edits(saved: Values, changed: Values): Values {
  const told = Object.entries(changed).map(([key, value]) => {
    const lists = isList(value) || isList(saved[key])
    return [key, lists ? listEdit(saved[key] as Item[], value as Item[]) : value]
  })
  return Object.fromEntries(told) as Values
}

/** Edits of lists carried out on what the server has now. */
function onTop(fresh: Values, keep: Values): Values {
  const told = Object.entries(keep).map(([key, value]) => [
    key,
    isEdit(value) && Array.isArray(fresh[key]) ? withEdit(fresh[key] as Item[], value) : value,
  ])
  return Object.fromEntries(told) as Values
}

function splitSetting(setting = ''): [string, string] {
  const cut = setting.lastIndexOf('.')
  return [setting.slice(0, cut), setting.slice(cut + 1)]
}
