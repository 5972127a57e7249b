-- The part of a ledger that the example definitions read.
create table dat_debthead (debtheadid bigint primary key, debtref text not null);
create table dat_ledgeraccount (
  ledgeraccountid bigint primary key,
  uniqueid uuid not null,
  maindebtheadid bigint not null references dat_debthead,
  accountid bigint not null
);
create table dat_trans (accountid bigint not null, paymentid bigint, transamount numeric(12, 2) not null);
insert into dat_debthead values (7, '765'), (8, '766');
insert into dat_ledgeraccount values
  (111927, '80342534-2508-4cab-a090-c25bf1ddf923', 7, 1),
  (111928, 'b3b0f2c1-0000-4cab-a090-c25bf1ddf923', 8, 2);
insert into dat_trans values (1, 18142, -100.00), (1, 18142, -23.00), (1, 18150, -50.00), (1, null, 173.00), (2, 18142, -9.00);
