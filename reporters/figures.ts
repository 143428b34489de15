export {
  formatMargin,
  formatMeasured,
  formatNumber,
  formatShare,
  formatValue,
  medianText,
  verdictText,
  worstText,
} from '../src/verdict/format.ts'
