import type { DeliveryMode } from '../../../../../server/src/contracts/settings';
import { inSection, type FieldName } from '../../../utils/fields';
import { useForm } from '../context';
import { FoldedSection } from './FoldedSection';

const DELIVERY = inSection('delivery');
/** The modes in which a field has an effect. Every other field has one in all modes. */
const ONLY_WITH: Partial<Record<FieldName, readonly DeliveryMode[]>> = {
  redirectAboveMb: ['redirect', 'public'],
  publicEndpoint: ['redirect'],
  cdnUrl: ['public'],
  cdnKeyPairId: ['public'],
  urlLifetimeMinutes: ['redirect', 'public'],
};

/** The fields that have an effect with the chosen way to the visitors. A field with an error is shown in any case. */
export function DeliverySection() {
  const { state, errorAt } = useForm();
  const { delivery } = state.values;
  const fields = DELIVERY.filter((name) => (ONLY_WITH[name]?.includes(delivery) ?? true) || errorAt(name) !== undefined);
  return <FoldedSection section="delivery" fields={fields} />;
}
