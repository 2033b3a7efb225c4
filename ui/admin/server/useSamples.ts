import { computed, onBeforeUnmount, onMounted, ref, shallowReactive } from 'vue'
import { api, stream } from '../session'
import { Samples } from './samples'
import type { HistoryFacts, Sample } from './types'

/** One comes every two seconds; so much later something is wrong. */
const LATE_MS = 7_000
const LOOK_MS = 1_000

/** What the machine does, live from the event stream. `late`: nothing has come for a while; it heals by itself. */
export function useSamples() {
  const samples = shallowReactive(new Samples())
  const arrived = ref(Date.now())
  const now = ref(Date.now())
  const known = ref(false)
  const newest = computed(() => samples.fine.at(-1) ?? null)
  const late = computed(() => known.value && now.value - arrived.value > LATE_MS)

  async function reload(): Promise<void> {
    try {
      samples.read(await api.get<HistoryFacts>('machine/history'))
      known.value = true
    } catch {
      // The page says why when it is read itself; the next samples come by the stream.
    }
  }

  function take(data: Record<string, unknown>): void {
    if (data.missed) return void reload()
    samples.add(data as unknown as Sample)
    arrived.value = now.value = Date.now()
    known.value = true
  }

  let stop = () => {}
  let timer: ReturnType<typeof setInterval>
  onMounted(() => {
    stop = stream.on('sample', take)
    timer = setInterval(() => (now.value = Date.now()), LOOK_MS)
    void reload()
  })
  onBeforeUnmount(() => {
    stop()
    clearInterval(timer)
  })
  return { samples, newest, late, now }
}
