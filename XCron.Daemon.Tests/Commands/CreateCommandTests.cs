using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Commands;

internal sealed class CreateCommandTests
{
    private static readonly OwnerSession Proposer = new(new NodeId(7), 0xfedcba9876543210);

    [Test]
    public void The_bytes_are_those_of_the_generated_classes([Values(0, 1, 2, 300)] int taskCount)
    {
        var tasks = TasksOf(taskCount, seed: 1);
        var message = new CreateTasks { Proposer = Proposer.Incarnation };
        foreach (var task in tasks)
        {
            message.Tasks.Add(new CreateTask
            {
                TaskId = task.Id.Value,
                CreateTimeMs = task.CreateTimeMs,
                FirstDueMs = task.FirstDueMs,
                Definition = ByteString.CopyFrom(task.Definition.Span),
            });
        }

        var encoded = TaskCommands.EncodeCreate(Proposer, tasks);

        Assert.That(encoded, Is.EqualTo(new TaskCommand { Create = message }.ToByteArray()));
    }

    [Test]
    public void What_was_encoded_is_read_again([Values(0, 1, 2, 300)] int taskCount)
    {
        var tasks = TasksOf(taskCount, seed: 2);

        var command = new CreateCommand(TaskCommands.EncodeCreate(Proposer, tasks));

        Assert.That(command.Count, Is.EqualTo(taskCount));
        Assert.That(command.Proposer, Is.EqualTo(Proposer.Incarnation));
        var place = 0;
        foreach (var entry in command)
        {
            var expected = tasks[place++];
            Assert.That(entry.Id, Is.EqualTo(expected.Id));
            Assert.That(entry.CreateTimeMs, Is.EqualTo(expected.CreateTimeMs));
            Assert.That(entry.FirstDueMs, Is.EqualTo(expected.FirstDueMs));
            Assert.That(entry.Definition.SequenceEqual(expected.Definition.Span), Is.True);
        }

        Assert.That(place, Is.EqualTo(taskCount));
    }

    [Test]
    public void A_command_that_is_cut_anywhere_is_refused()
    {
        var encoded = TaskCommands.EncodeCreate(Proposer, TasksOf(2, seed: 3));

        for (var length = 0; length < encoded.Length; length++)
        {
            var cut = encoded[..length];
            Assert.That(() => Read(cut), Throws.TypeOf<InvalidDataException>(), $"{length} bytes");
        }
    }

    [Test]
    public void A_field_of_a_newer_version_is_refused_and_not_passed_over()
    {
        // Field 15 with value 1, in the task and beside it.
        byte[] newField = [15 << 3, 1];
        byte[] inTask = [0x0a, 0x04, 0x0a, 0x02, .. newField];
        byte[] besideTask = [0x0a, 0x02, .. newField];
        byte[] behindCommand = [0x0a, 0x00, .. newField];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => Read(inTask), Throws.TypeOf<InvalidDataException>());
            Assert.That(() => Read(besideTask), Throws.TypeOf<InvalidDataException>());
            Assert.That(() => Read(behindCommand), Throws.TypeOf<InvalidDataException>());
        }
    }

    [Test]
    public void Answers_are_read_as_they_were_written_and_as_the_generated_classes_write_them()
    {
        CreateAnswer[] answers =
        [
            new(ResultCode.Ok, new TaskId(long.MaxValue), false),
            new(ResultCode.NameTaken, new TaskId(1), false),
            new(ResultCode.Ok, new TaskId(300), true),
        ];
        var message = new CreateTasksResult();
        foreach (var answer in answers)
        {
            message.Results.Add(new CreateTaskResult
            {
                Code = answer.Code,
                TaskId = answer.Id.Value,
                Existing = answer.Existing,
            });
        }

        var encoded = CreateAnswers.Encode(answers);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(encoded, Is.EqualTo(message.ToByteArray()));
            Assert.That(CreateAnswers.Decode(encoded), Is.EqualTo(answers));
            Assert.That(CreateAnswers.DecodeSingle(CreateAnswers.Encode(answers.AsSpan(1, 1))), Is.EqualTo(answers[1]));
            Assert.That(() => CreateAnswers.DecodeSingle(encoded), Throws.TypeOf<InvalidDataException>());
            Assert.That(() => CreateAnswers.DecodeSingle([]), Throws.TypeOf<InvalidDataException>());
        }
    }

    [Test]
    public void Damage_never_ends_in_anything_but_an_invalid_data_exception()
    {
        var random = new Random(4);
        var encoded = TaskCommands.EncodeCreate(Proposer, TasksOf(3, seed: 4));

        for (var i = 0; i < 20_000; i++)
        {
            var damaged = encoded.ToArray();
            for (var hits = random.Next(1, 4); hits > 0; hits--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                Read(damaged);
            }
            catch (InvalidDataException)
            {
                // What a damaged command is to end in, unless it happens to be another command.
            }
        }
    }

    private static int Read(byte[] encoded)
    {
        var count = 0;
        foreach (var entry in new CreateCommand(encoded))
            count += entry.Definition.Length;
        return count;
    }

    private static NewTask[] TasksOf(int count, int seed)
    {
        var random = new Random(seed);
        var tasks = new NewTask[count];
        for (var i = 0; i < count; i++)
        {
            // The last task leaves everything empty, which protobuf does not write at all.
            var definition = new byte[random.Next(1, 300)];
            random.NextBytes(definition);
            tasks[i] = i > 0 && i == count - 1
                ? default
                : new NewTask(new TaskId(random.NextInt64()), random.NextInt64(), random.NextInt64(1000), definition);
        }

        return tasks;
    }
}
