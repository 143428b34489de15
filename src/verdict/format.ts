import type { Unit } from './verdict.ts'

/** A number without the noise of binary fractions: 0.1 + 0.2 as 0.3. */
export function tidy(value: number): number {
  return Number(value.toPrecision(12))
}

/** A limit as thresholds are written: `200ms`, `1500 tok/s`, `99%`. */
export function limitText(limit: number, unit: Unit): string {
  return `${shown(limit, unit)}${unit === 'ms' || unit === '%' || unit === '' ? '' : ' '}${unit}`
}

/** A figure and how far it is from its limit, with decimals enough that neither looks like nothing: `312.4 ms`. */
export function figureText(value: number, unit: Unit, decimals = decimalsFor(shown(value, unit))): string {
  return `${Number(shown(value, unit).toFixed(decimals))}${unit === '' ? '' : ` ${unit}`}`
}

/** Measured value, limit and what lies between, in words: `is 312.4 ms, limit <= 200 ms, over by 112.4 ms (56.2 %)`. */
export function comparisonText(measured: number, limit: number, bound: string, unit: Unit, holds: boolean): string {
  const gap = Math.abs(measured - limit)
  const decimals = Math.max(decimalsFor(shown(measured, unit)), decimalsFor(shown(gap, unit)))
  const limitIs = `limit ${bound} ${shown(limit, unit)}${unit === '' ? '' : ` ${unit}`}`
  return `is ${figureText(measured, unit, decimals)}, ${limitIs}, ${distanceText()}`

  function distanceText(): string {
    if (gap === 0) return holds ? 'exactly at it' : 'exactly at it, which breaks it'
    const distance = unit === '%' ? `${Number(shown(gap, unit).toFixed(decimals))} points` : figureText(gap, unit, decimals)
    const share = limit === 0 ? '' : ` (${shareText(gap / Math.abs(limit))})`
    return `${holds ? `${distance} to spare` : `${measured > limit ? 'over' : 'under'} by ${distance}`}${share}`
  }
}

function shareText(share: number): string {
  const percent = share * 100
  return `${Number(percent.toFixed(decimalsFor(percent)))} %`
}

function shown(value: number, unit: Unit): number {
  return tidy(unit === '%' ? value * 100 : value)
}

/** One decimal, and for small values as many as show two digits. */
function decimalsFor(value: number): number {
  if (value === 0) return 1
  return Math.min(9, Math.max(1, 1 - Math.floor(Math.log10(Math.abs(value)))))
}
