import { inSection } from '../../../utils/fields';
import { FoldedSection } from './FoldedSection';

const ADVANCED = inSection('advanced');

export function AdvancedSection() {
  return <FoldedSection section="advanced" fields={ADVANCED} />;
}
