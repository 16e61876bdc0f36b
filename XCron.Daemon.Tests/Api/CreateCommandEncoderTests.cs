using System.Buffers;
using System.Text;
using Google.Protobuf;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Daemon.Schedules;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

internal sealed class CreateCommandEncoderTests
{
    [Test]
    public void Commands_are_those_of_the_generated_types([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var proposer = new OwnerSession(new NodeId(1), (ulong)random.NextInt64(1, long.MaxValue));
        var expected = new TaskCommand { Create = new CreateTasks { Proposer = proposer.Incarnation } };
        var batch = new ArrayBufferWriter<byte>();
        for (var task = 0; task < 20; task++)
        {
            var create = RandomTask(random, out var definition);
            var fields = FieldsOf(definition);
            fields.FirstDueMs = create.FirstDueMs;
            fields.MostDelayMs = random.Next(2) == 0 ? 0 : random.Next(3_600_000);
            create.FirstDelayMs = Jitter.DelayMs(create.TaskId, create.FirstDueMs, fields.MostDelayMs);

            CreateCommandEncoder.Append(batch, in fields, new TaskId(create.TaskId), create.CreateTimeMs);
            var one = CreateCommandEncoder.EncodeOne(
                proposer, in fields, new TaskId(create.TaskId), create.CreateTimeMs);

            var single = new TaskCommand { Create = new CreateTasks { Proposer = proposer.Incarnation } };
            single.Create.Tasks.Add(create);
            expected.Create.Tasks.Add(create);
            Assert.That(one, Is.EqualTo(single.ToByteArray()), $"seed {seed}, task {task}");
        }

        var many = CreateCommandEncoder.EncodeBatch(proposer, batch.WrittenSpan);
        Assert.That(many, Is.EqualTo(expected.ToByteArray()), $"seed {seed}");
    }

    private static TaskFields FieldsOf(TaskDefinition definition) => new()
    {
        Type = definition.Type,
        Format = Encoding.UTF8.GetBytes(definition.Format),
        Timezone = Encoding.UTF8.GetBytes(definition.Timezone),
        Name = Encoding.UTF8.GetBytes(definition.Name),
        Url = Encoding.UTF8.GetBytes(definition.Url),
        Method = Encoding.UTF8.GetBytes(definition.Method),
        Body = definition.Body.ToByteArray(),
        Headers = [.. definition.Headers.Select(header => Pair(header.Name, header.Value))],
        TimeoutMs = definition.TimeoutMs,
        MaxAttempts = definition.MaxAttempts,
        MinBackoffMs = definition.MinBackoffMs,
        MaxBackoffMs = definition.MaxBackoffMs,
        Misfire = definition.Misfire,
        DeadlineMs = definition.DeadlineMs,
        Overlap = definition.Overlap,
        JitterMs = definition.JitterMs,
        StartAtMs = definition.StartAtMs,
        EndAtMs = definition.EndAtMs,
        MaxRuns = (int)definition.MaxRuns,
        IsPaused = definition.Paused,
        Tags = [.. definition.Tags.Select(tag => Pair(tag.Key, tag.Value))],
    };

    private static TextPair Pair(string name, string value) =>
        new(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(value));

    private static CreateTask RandomTask(Random random, out TaskDefinition definition)
    {
        definition = new TaskDefinition
        {
            Type = (TaskType)random.Next(3),
            Format = RandomText(random),
            Timezone = RandomText(random),
            Name = RandomText(random),
            Url = RandomText(random),
            Method = RandomText(random),
            Body = ByteString.CopyFromUtf8(RandomText(random)),
            TimeoutMs = RandomNumber(random),
            MaxAttempts = random.Next(200),
            MinBackoffMs = RandomNumber(random),
            MaxBackoffMs = RandomNumber(random),
            Misfire = (Misfire)random.Next(3),
        };
        if (random.Next(2) == 0)
        {
            definition.DeadlineMs = RandomNumber(random);
            definition.Overlap = (Overlap)random.Next(3);
            definition.JitterMs = RandomNumber(random);
            definition.StartAtMs = RandomNumber(random);
            definition.EndAtMs = RandomNumber(random);
            definition.MaxRuns = random.Next();
            definition.Paused = random.Next(2) == 0;
        }

        for (var count = random.Next(3); count > 0; count--)
            definition.Headers.Add(new Header { Name = RandomText(random), Value = RandomText(random) });
        for (var count = random.Next(3); count > 0; count--)
            definition.Tags.Add(new Tag { Key = RandomText(random), Value = RandomText(random) });
        return new CreateTask
        {
            TaskId = RandomNumber(random),
            CreateTimeMs = RandomNumber(random),
            FirstDueMs = RandomNumber(random),
            Definition = definition.ToByteString(),
        };
    }

    /// <summary>Numbers of all lengths.</summary>
    private static long RandomNumber(Random random) => random.NextInt64() >> random.Next(63);

    /// <summary>Texts around the sizes where a length takes one more byte.</summary>
    private static string RandomText(Random random) => random.Next(4) switch
    {
        0 => "",
        1 => new string('x', random.Next(1, 5)),
        2 => new string('é', random.Next(60, 70)),
        _ => new string('z', random.Next(16_380, 16_390)),
    };
}
