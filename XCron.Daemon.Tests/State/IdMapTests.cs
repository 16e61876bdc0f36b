using XCron.Daemon.State;

namespace XCron.Daemon.Tests.State;

internal sealed class IdMapTests
{
    [Test]
    public void It_holds_what_a_dictionary_holds([Range(1, 6)] int seed)
    {
        var random = new Random(seed);
        var map = new IdMap<string>();
        var model = new Dictionary<long, string>();
        for (var step = 0; step < 20_000; step++)
        {
            // Few ids, so that they meet; some far apart, some next to each other, as ids of one millisecond are.
            var id = random.Next(2) == 0 ? 1 + random.Next(400) : (1L << 40) * (1 + random.Next(200));
            switch (random.Next(10))
            {
                case < 5:
                    map[id] = $"{step}";
                    model[id] = $"{step}";
                    break;
                case < 9:
                    var isThere = model.Remove(id, out var expected);
                    Assert.That(map.Remove(id, out var removed), Is.EqualTo(isThere), $"step {step}");
                    Assert.That(removed, Is.EqualTo(expected));
                    break;
                default:
                    Assert.That(map.TryGetValue(id, out var found), Is.EqualTo(model.ContainsKey(id)), $"step {step}");
                    Assert.That(found, Is.EqualTo(model.GetValueOrDefault(id)));
                    break;
            }

            if (random.Next(3000) == 0)
            {
                map.Clear();
                model.Clear();
            }
        }

        var copy = new string[map.Count];
        map.CopyTo(copy);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(map.Ids, Is.EquivalentTo(model.Keys));
            Assert.That(map.Values, Is.EquivalentTo(model.Values));
            Assert.That(copy, Is.EquivalentTo(model.Values));
        }
    }

    [Test]
    public void An_empty_one_has_nothing()
    {
        var map = new IdMap<int>();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(map.TryGetValue(7, out _), Is.False);
            Assert.That(map.Remove(7, out _), Is.False);
            Assert.That(map.Ids, Is.Empty);
            Assert.That(() => map[0] = 1, Throws.InstanceOf<ArgumentOutOfRangeException>());
        }
    }
}
