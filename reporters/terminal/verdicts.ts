import type { Verdict } from '../../src/verdict/verdict.ts'
import { formatMargin, formatValue, medianText, verdictText, worstText } from '../figures.ts'
import { plainText, wrap } from '../text.ts'
import type { Style } from './style.ts'

const WORST_SHOWN = 3

/** A line for each threshold: ✓, or ✗ with measured value, limit and margin, and the worst requests below. */
export function renderVerdicts(verdicts: readonly Verdict[], style: Style): string[] {
  return verdicts.flatMap((verdict) => {
    if (verdict.state === 'pass') return marked('✓', passed(verdict), style, style.good)
    if (verdict.state === 'error') return marked('✗', verdict.message, style, style.bad)
    return [...marked('✗', verdictText(verdict), style, style.bad), ...worst(verdict, style)]
  })
}

function passed(verdict: Verdict): string {
  const { threshold, measured, unit, margin, fewSamples, median } = verdict
  return [
    threshold,
    ...(measured === undefined ? [] : [`  ${formatValue(measured, unit)}${medianText(median)}`]),
    ...(margin === undefined ? [] : [` (${formatMargin(margin)})`]),
    ...(fewSamples === undefined ? [] : [`, few samples: ${fewSamples.have} of ${fewSamples.need}`]),
  ].join('')
}

function marked(mark: string, text: string, style: Style, paint: (text: string) => string): string[] {
  return wrap(plainText(text), style.columns - 4).map((line, i) => `  ${paint(i === 0 ? mark : ' ')} ${mark === '✗' ? paint(line) : line}`)
}

function worst({ worst = [], unit }: Verdict, style: Style): string[] {
  if (worst.length === 0) return []
  return wrap(`worst requests: ${worstText(worst.slice(0, WORST_SHOWN), unit)}`, style.columns - 6).map(
    (line) => `      ${style.dim(line)}`,
  )
}
