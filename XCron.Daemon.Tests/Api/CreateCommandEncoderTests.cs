using System.Buffers;
using System.Text;
using Google.Protobuf;
using XCron.Daemon.Api;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Api;

internal sealed class CreateCommandEncoderTests
{
    [Test]
    public void Commands_are_those_of_the_generated_types([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var expected = new TaskCommand { Create = new CreateTasks() };
        var batch = new ArrayBufferWriter<byte>();
        for (var task = 0; task < 20; task++)
        {
            var create = RandomTask(random, out var definition);
            var fields = FieldsOf(definition);
            fields.FirstDueMs = create.FirstDueMs;

            CreateCommandEncoder.Append(batch, in fields, new TaskId(create.TaskId), create.CreateTimeMs);
            var one = CreateCommandEncoder.EncodeOne(in fields, new TaskId(create.TaskId), create.CreateTimeMs);

            var single = new TaskCommand { Create = new CreateTasks() };
            single.Create.Tasks.Add(create);
            expected.Create.Tasks.Add(create);
            Assert.That(one, Is.EqualTo(single.ToByteArray()), $"seed {seed}, task {task}");
        }

        Assert.That(
            CreateCommandEncoder.EncodeBatch(batch.WrittenSpan), Is.EqualTo(expected.ToByteArray()), $"seed {seed}");
    }

    [Test]
    public void Results_are_read_as_written_by_the_generated_types([Range(1, 10)] int seed)
    {
        var random = new Random(seed);
        var written = new CreateTasksResult();
        for (var task = random.Next(50); task > 0; task--)
        {
            written.Results.Add(new CreateTaskResult
            {
                Code = random.Next(2) * 1040, TaskId = RandomNumber(random), Existing = random.Next(2) == 0,
            });
        }

        var read = new CreateTasksResult();
        var reader = new CreateResultReader(written.ToByteArray());
        while (reader.Next(out var code, out var taskId, out var isExisting))
            read.Results.Add(new CreateTaskResult { Code = code, TaskId = taskId, Existing = isExisting });

        Assert.That(read, Is.EqualTo(written), $"seed {seed}");
    }

    [TestCase(new byte[] { 0x0A })]
    [TestCase(new byte[] { 0x0A, 0x02, 0x08 })]
    [TestCase(new byte[] { 0x0A, 0x01, 0x08 })]
    [TestCase(new byte[] { 0x12, 0x00 })]
    [TestCase(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF })]
    public void Bytes_that_are_no_result_are_refused(byte[] encoded) =>
        Assert.Throws<InvalidDataException>(() => new CreateResultReader(encoded).Next(out _, out _, out _));

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
