import { onBeforeUnmount, onMounted, ref } from 'vue'

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

/** How long to wait before the nth attempt (0 = first): doubling, at most half a minute, up to a fifth longer by chance. */
export function waitMs(attempt: number, chance = Math.random()): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (1 + chance / 5)
}

type Listener = (data: Record<string, unknown>) => void

/**
 * One stream of server-sent events for the whole page. It reconnects with growing pauses; after each reconnection
 * every listener is called once with {missed: true}, because what happened meanwhile is unknown.
 */
export class EventStream {
  readonly connected = ref(false)
  private source: EventSource | null = null
  private listeners = new Map<string, Set<Listener>>()
  private attempt = 0
  private timer: ReturnType<typeof setTimeout> | undefined
  private opened = false

  /** failed: called whenever the stream has ended or cannot be opened; an EventSource does not tell why. */
  constructor(
    private readonly address: () => string,
    private readonly failed: () => void = () => {},
  ) {}

  open(): void {
    this.close()
    const source = new EventSource(this.address())
    this.source = source
    source.onopen = () => {
      this.connected.value = true
      this.attempt = 0
      if (this.opened) this.tellAll({ missed: true })
      this.opened = true
    }
    source.onerror = () => {
      this.connected.value = false
      source.close()
      this.timer = setTimeout(() => this.open(), waitMs(this.attempt++))
      this.failed()
    }
    for (const name of this.listeners.keys()) this.attach(name)
  }

  close(): void {
    clearTimeout(this.timer)
    this.source?.close()
    this.source = null
    this.connected.value = false
  }

  /** Call `listener` for each event of this name. Returns how to stop. */
  on(name: string, listener: Listener): () => void {
    if (!this.listeners.has(name)) {
      this.listeners.set(name, new Set())
      this.attach(name)
    }
    this.listeners.get(name)!.add(listener)
    return () => this.listeners.get(name)?.delete(listener)
  }

  private attach(name: string): void {
    this.source?.addEventListener(name, (event) => {
      const data = JSON.parse((event as MessageEvent<string>).data) as Record<string, unknown>
      this.listeners.get(name)?.forEach((listener) => listener(data))
    })
  }

  private tellAll(data: Record<string, unknown>): void {
    this.listeners.forEach((listeners) => listeners.forEach((listener) => listener(data)))
  }
}

/** While this component lives, call `again` when an event tells of one of these kinds (or events may have been missed). */
export function useChanges(stream: EventStream, kinds: string[], again: () => void): void {
  let stop = () => {}
  onMounted(() => {
    stop = stream.on('change', (data) => {
      if (data.missed || kinds.includes(String(data.kind))) again()
    })
  })
  onBeforeUnmount(() => stop())
}
