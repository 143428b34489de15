export { formatMargin, formatMeasured, formatNumber, formatShare, formatValue, verdictText, worstText } from '../src/verdict/format.ts'
