import { describe, expect, it } from 'vitest'
import { nearest, pathsOf, range, scaleTop } from '../kit/chart'
import { Samples } from '../admin/server/samples'
import type { HistoryFacts, Sample } from '../admin/server/types'

const WINDOW = { from: 0, to: 10, top: 100, gap: 3 }

describe('a chart', () => {
  it('ends its scale at a round number above what is shown', () => {
    expect(scaleTop([3, 41, null], 1)).toBe(50)
    expect(scaleTop([0, null], 5)).toBe(5)
    expect(scaleTop([700], 1)).toBe(1000)
    expect(scaleTop([300 * 1024], 1, 1024)).toBe(500 * 1024)
    expect(scaleTop([], 0)).toBeGreaterThan(0)
  })

  it('draws from left to right, high values on top', () => {
    expect(pathsOf([0, 2, 4], [0, 50, 100], WINDOW).line).toBe('M0 100L20 50L40 0')
    expect(pathsOf([0, 2], [0, 50], WINDOW).area).toBe('M0 100L20 50L20 100L0 100Z')
  })

  it('joins nothing over what is not known', () => {
    expect(pathsOf([0, 2, 4, 6, 8], [10, 10, null, null, 10], WINDOW).line).toBe('M0 90L20 90M80 90')
    expect(pathsOf([0, 9], [10, 10], WINDOW).line).toBe('M0 90M90 90')
  })

  it('finds the moment that is pointed at', () => {
    expect(nearest([0, 2, 4], 2.9)).toBe(1)
    expect(nearest([0, 2, 4], 99)).toBe(2)
    expect(nearest([], 1)).toBe(-1)
  })

  it('tells the least and the most of what is known', () => {
    expect(range([4, null, 2])).toEqual({ least: 2, most: 4 })
    expect(range([null])).toBeNull()
  })
})

describe('samples', () => {
  const sample = (time: number, cpu: number | null) =>
    ({ time, cpu_percent: cpu, disk_read_bytes_s: null }) as unknown as Sample
  const facts: HistoryFacts = {
    columns: ['time', 'cpu_percent', 'disk_read_bytes_s'],
    fine: { every_s: 2, rows: [[58, 10, null], [60, 20, null], [62, 30, null]] },
    coarse: { every_s: 30, rows: [[58, 10, null], [62, 25, null]] },
    memory_total_mb: 100,
  } // prettier-ignore

  it('go on where the history ends, and the half minute under way grows', () => {
    const samples = new Samples()
    samples.read(facts)
    samples.add(sample(64, 40))
    expect(samples.fine.map((one) => one.cpu_percent)).toEqual([10, 20, 30, 40])
    expect(samples.coarse.map((one) => [one.time, one.cpu_percent])).toEqual([[58, 10], [64, 30]]) // prettier-ignore
    samples.add(sample(90, 7))
    expect(samples.coarse.map((one) => one.cpu_percent)).toEqual([10, 30, 7])
    expect(samples.coarse.at(-1)!.disk_read_bytes_s).toBeNull()
  })

  it('are taken once', () => {
    const samples = new Samples()
    samples.read(facts)
    samples.add(sample(62, 99))
    expect(samples.fine).toHaveLength(3)
  })

  it('start from nothing, and forget what is old', () => {
    const samples = new Samples()
    for (let time = 0; time < 7_200; time += 2) samples.add(sample(time, 1))
    expect(samples.fine).toHaveLength(150)
    expect(samples.coarse.length).toBeLessThanOrEqual(121)
  })
})
