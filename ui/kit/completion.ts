import { computed, ref, useId, watch, type Ref } from 'vue'

/** What a typed text may be completed to. value: what is taken; the others are shown. */
export interface Suggestion {
  value: string
  label: string
  detail: string
}

export type Suggest = (text: string) => Promise<Suggestion[]>

const PAUSE_MS = 120

/**
 * Suggestions for what is being typed (WAI-ARIA combobox with a list).
 * whole: whether the text is complete as it is; then none is chosen by itself.
 */
export function useCompletion(
  text: Ref<string>,
  suggest: () => Suggest | undefined,
  whole: (text: string) => boolean,
) {
  const found = ref<Suggestion[]>([])
  const active = ref(-1)
  const id = useId()
  let asked = ''
  let flight: Promise<void> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let closedFor: string | null = null

  const open = computed(() => found.value.length > 0)

  function close(): void {
    clearTimeout(timer)
    closedFor = text.value
    found.value = []
    active.value = -1
  }

  function look(): Promise<void> {
    clearTimeout(timer)
    const wanted = text.value.trim()
    const ask = suggest()
    if (!ask || !wanted) {
      found.value = []
      return Promise.resolve()
    }
    if (flight && asked === wanted) return flight
    asked = wanted
    // Without suggestions one writes as before.
    flight = ask(wanted)
      .catch(() => [])
      .then((answer) => {
        if (asked !== wanted || text.value.trim() !== wanted || closedFor === text.value) return
        found.value = answer
        active.value = answer.length && !whole(wanted) ? 0 : -1
      })
    return flight
  }

  watch(text, () => {
    clearTimeout(timer)
    closedFor = null
    if (!text.value.trim()) {
      asked = ''
      found.value = []
      active.value = -1
    } else timer = setTimeout(() => void look(), PAUSE_MS)
  })

  function step(by: number): void {
    const count = found.value.length
    active.value = (active.value + by + count) % count
  }

  /** The best match for the text as it is now, asked for if need be. */
  async function best(): Promise<Suggestion | undefined> {
    if (asked !== text.value.trim() || flight) await look()
    return found.value[Math.max(0, active.value)]
  }

  return { found, active, open, id, close, step, best, chosen: computed(() => found.value[active.value]) }
}
