import { readTogether } from '../../web/src/api/together';

interface Item {
  id: string;
}

function reader(known: string[]) {
  const requests: string[][] = [];
  const read = readTogether<Item>(async ({ id }) => {
    const ids = id.split(',');
    requests.push(ids);
    if (ids.includes('broken')) throw new Error('refused');
    return { items: ids.filter((each) => known.includes(each)).map((each) => ({ id: each })) };
  });
  return { read, requests };
}

test('what is asked for in the same moment is one request, each id once', async () => {
  const { read, requests } = reader(['a', 'b']);
  const found = await Promise.all([read('a'), read('b'), read('a'), read('gone')]);
  expect(found).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'a' }, null]);
  expect(requests).toEqual([['a', 'b', 'gone']]);
  await read('b');
  expect(requests).toHaveLength(2);
});

test('a request that fails fails only what was asked for with it', async () => {
  const { read } = reader(['a']);
  const failed = [read('a'), read('broken')];
  await expect(failed[0]).rejects.toThrow('refused');
  await expect(failed[1]).rejects.toThrow('refused');
  expect(await read('a')).toEqual({ id: 'a' });
});

test('a request has at most 200 ids', async () => {
  const { read, requests } = reader([]);
  await Promise.all(Array.from({ length: 450 }, (_, index) => read(`${index}`)));
  expect(requests.map(({ length }) => length)).toEqual([200, 200, 50]);
});
