export default function CompareClusters() { return null }
