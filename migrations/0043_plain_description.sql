-- Up Migration

update event_types
set description = 'Signpost disabled a subscription automatically: its receiver answered 410, or nothing was delivered to it for too long.'
where name = 'signpost.subscription.out-of-order.v1';
