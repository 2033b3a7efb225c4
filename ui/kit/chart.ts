/** Lines of a small chart, drawn into a field of 100 by 100 that is stretched to where it stands. */
export interface Series {
  name: string
  colour: string
  /** One for each moment; null where nothing is known. */
  values: (number | null)[]
  /** Told apart without colour, too. */
  dashed?: boolean
}

export interface Window {
  from: number
  to: number
  top: number
  /** Moments further apart are not joined: nothing is known in between. */
  gap: number
}

const SIDE = 100

const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500]

/** The end of the scale: a round number of units, thousands (or 1024s) of them, ..., at least `least`. */
export function scaleTop(values: (number | null)[], least: number, thousand = 1000): number {
  const most = Math.max(least, ...values.map((value) => value ?? 0), 1e-9)
  const unit = thousand ** Math.max(0, Math.floor(Math.log(most) / Math.log(thousand)))
  return [...STEPS, thousand].map((step) => step * unit).find((top) => top >= most) ?? most
}

export const across = (time: number, { from, to }: Window): number =>
  (SIDE * (time - from)) / Math.max(1e-9, to - from)

export const height = (value: number, { top }: Window): number =>
  SIDE - (SIDE * Math.min(value, top)) / Math.max(1e-9, top)

/** Pieces of [moment, value] without a gap in them. */
function pieces(times: number[], values: (number | null)[], window: Window): [number, number][][] {
  const found: [number, number][][] = []
  let last = -Infinity
  times.forEach((time, at) => {
    const value = values[at] ?? null
    if (value === null || time < window.from - window.gap || time > window.to) return
    if (time - last > window.gap) found.push([])
    found.at(-1)!.push([time, value])
    last = time
  })
  return found
}

const round = (place: number): number => Math.round(place * 100) / 100

/** The path of the line, and of what lies below it. */
export function pathsOf(
  times: number[],
  values: (number | null)[],
  window: Window,
): { line: string; area: string } {
  const lines = pieces(times, values, window).map((piece) =>
    piece.map(([time, value]) => [round(across(time, window)), round(height(value, window))] as const),
  )
  const line = lines.map((piece) => `M${piece.map((place) => place.join(' ')).join('L')}`)
  const area = lines.map((piece, at) => `${line[at]}L${piece.at(-1)![0]} ${SIDE}L${piece[0]![0]} ${SIDE}Z`)
  return { line: line.join(''), area: area.join('') }
}

/** The place of the moment nearest to this one; -1 when there is none. */
export function nearest(times: number[], time: number): number {
  let best = -1
  times.forEach((one, at) => {
    if (best < 0 || Math.abs(one - time) < Math.abs(times[best]! - time)) best = at
  })
  return best
}

/** The least and the most that is known, null when nothing is. */
export function range(values: (number | null)[]): { least: number; most: number } | null {
  const known = values.filter((value): value is number => value !== null)
  return known.length ? { least: Math.min(...known), most: Math.max(...known) } : null
}
