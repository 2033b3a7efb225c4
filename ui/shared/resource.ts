import { ref, shallowRef } from 'vue'
import { isAbort, problemOf, type Problem } from './problem'

/** One thing read from the server: what is shown stays until the newer one is here. The last request wins. */
export function useResource<T>(load: () => Promise<T>) {
  const data = shallowRef<T | null>(null)
  const problem = shallowRef<Problem | null>(null)
  const busy = ref(false)
  let turn = 0

  async function reload(): Promise<void> {
    const mine = ++turn
    busy.value = true
    try {
      const fresh = await load()
      if (mine !== turn) return
      data.value = fresh
      problem.value = null
    } catch (reason) {
      if (mine === turn && !isAbort(reason)) problem.value = problemOf(reason)
    } finally {
      if (mine === turn) busy.value = false
    }
  }

  void reload()
  return { data, problem, busy, reload }
}
