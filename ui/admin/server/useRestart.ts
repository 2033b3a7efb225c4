import { onBeforeUnmount, ref, watch, type Ref } from 'vue'
import { toast } from '../../kit/toasts'
import { t } from '../../shared/i18n'
import { problemOf } from '../../shared/problem'
import { told } from '../../shared/told'
import { api } from '../session'
import type { DaemonFacts, DaemonState } from './types'

/** A daemon that takes longer has a reason, and its log tells it. */
const LIMIT_MS = 120_000
/** No answer: what was restarted was on the way between us, e.g. the web process itself. */
const BACK: DaemonState[] = ['running', 'limited']
const LOST = [0, 502, 503, 504]

/** Restarts one daemon after the other, and tells how each has ended: by its new process, not by the answer alone. */
export function useRestart(daemons: Ref<DaemonFacts[]>) {
  /** {id: its process before} of those under way. */
  const underWay = ref<Record<string, number | null>>({})
  const timers = new Set<ReturnType<typeof setTimeout>>()

  const find = (id: string) => daemons.value.find((daemon) => daemon.id === id)

  function end(id: string): void {
    underWay.value = Object.fromEntries(Object.entries(underWay.value).filter(([one]) => one !== id))
  }

  async function restart(id: string): Promise<void> {
    const daemon = find(id)
    if (!daemon || id in underWay.value) return
    underWay.value = { ...underWay.value, [id]: daemon.pid }
    const title = told(daemon.title)
    const timer = setTimeout(() => {
      if (id in underWay.value) toast(t('daemons.not_back', { title }), 'bad')
      end(id)
    }, LIMIT_MS)
    timers.add(timer)
    try {
      await api.post(`daemons/${encodeURIComponent(id)}/restart`)
    } catch (reason) {
      const problem = problemOf(reason)
      if (LOST.includes(problem.status)) return
      toast(problem.told, 'bad')
      end(id)
    }
  }

  watch([daemons, underWay], () => {
    for (const [id, before] of Object.entries(underWay.value)) {
      const daemon = find(id)
      if (!daemon || !BACK.includes(daemon.state) || daemon.pid === before) continue
      toast(t('daemons.restarted', { title: told(daemon.title) }))
      end(id)
    }
  })
  onBeforeUnmount(() => timers.forEach((timer) => clearTimeout(timer)))
  return { underWay, restart }
}
