import { computed, ref, shallowRef } from 'vue'
import { problemOf, type Problem } from '../../shared/problem'
import { useResource } from '../../shared/resource'
import { api } from '../session'
import type { Difference, RevisionFacts } from '../types'
import { readKnown } from './known'

const LIMIT = 50

/** The revisions of one page, or of all pages: read slice by slice, two compared, one looked at before it is put back. */
export function useHistory(page: string | null, current: () => number) {
  const offset = ref(0)
  const marked = ref<number[]>([])
  const difference = shallowRef<Difference | null>(null)
  /** What is on screen is what putting back to this revision would change. */
  const putBackTo = ref<number | null>(null)
  /** What is on screen is what undoing this change alone would change. */
  const undoing = ref<number | null>(null)
  const trouble = shallowRef<Problem | null>(null)
  const resource = useResource(async () => {
    await readKnown()
    return api.get<{ total: number; revisions: RevisionFacts[] }>('settings/history', {
      page,
      offset: offset.value,
      limit: LIMIT,
    })
  })
  const pair = computed(() => [...marked.value].sort((one, other) => one - other))
  const total = computed(() => resource.data.value?.total ?? 0)

  /** At most two: a third takes the place of the one marked first. */
  function mark(revision: number): void {
    const others = marked.value.filter((one) => one !== revision)
    marked.value = others.length < marked.value.length ? others : [...others.slice(-1), revision]
  }

  async function show(
    act: () => Promise<Difference>,
    back: number | null,
    undo: number | null = null,
  ): Promise<void> {
    trouble.value = null
    try {
      difference.value = await act()
      putBackTo.value = back
      undoing.value = undo
    } catch (reason) {
      trouble.value = problemOf(reason)
    }
  }

  const between = (from: number, to: number) => api.get<Difference>('settings/compare', { from, to })
  const compare = () => show(() => between(pair.value[0]!, pair.value[1]!), null)
  const lookBack = (to: number) => show(() => previewOf(to), to)

  const lookUndo = (undo: number) =>
    show(() => api.post<Difference>('settings/preview-undo', { revision: current(), undo }), null, undo)

  /** What putting back would do. Of one page alone it is no comparison: other pages stay. */
  const previewOf = (to: number) =>
    api.post<Difference>('settings/preview-back', { revision: current(), to, page })

  function list(): void {
    difference.value = null
    putBackTo.value = undoing.value = null
  }

  function turn(by: 1 | -1): void {
    offset.value += by * LIMIT
    void resource.reload()
  }

  const newer = computed(() => offset.value > 0)
  const older = computed(() => offset.value + LIMIT < total.value)
  return {
    ...resource,
    total,
    marked,
    pair,
    difference,
    putBackTo,
    undoing,
    trouble,
    newer,
    older,
    mark,
    compare,
    lookBack,
    lookUndo,
    list,
    turn,
  }
}

export type History = ReturnType<typeof useHistory>
