using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Commands;

internal sealed class TaskDefinitionCodecTests
{
    [Test]
    public void Tags_in_another_order_and_a_spelt_out_POST_give_the_same_bytes()
    {
        var first = Definition();
        first.Tags.Add(new Tag { Key = "b", Value = "2" });
        first.Tags.Add(new Tag { Key = "B", Value = "1" });
        var second = Definition();
        second.Method = "POST";
        second.Tags.Add(new Tag { Key = "B", Value = "1" });
        second.Tags.Add(new Tag { Key = "b", Value = "2" });

        Assert.That(TaskDefinitionCodec.Encode(first), Is.EqualTo(TaskDefinitionCodec.Encode(second)));
    }

    [Test]
    public void Encoding_leaves_the_argument_as_it_was()
    {
        var definition = Definition();
        definition.Method = "POST";
        definition.Tags.Add(new Tag { Key = "b" });
        definition.Tags.Add(new Tag { Key = "a" });
        var before = definition.Clone();

        TaskDefinitionCodec.Encode(definition);

        Assert.That(definition, Is.EqualTo(before));
    }

    [Test]
    public void Another_order_of_headers_is_another_definition()
    {
        var first = Definition();
        first.Headers.Add(new Header { Name = "a" });
        first.Headers.Add(new Header { Name = "b" });
        var second = Definition();
        second.Headers.Add(new Header { Name = "b" });
        second.Headers.Add(new Header { Name = "a" });

        Assert.That(TaskDefinitionCodec.Encode(first), Is.Not.EqualTo(TaskDefinitionCodec.Encode(second)));
    }

    [Test]
    public void A_definition_is_decoded_as_it_was()
    {
        var definition = Definition();
        definition.Method = "PUT";
        definition.Body = ByteString.CopyFromUtf8("{ \"b\": 1.0, \"a\": 2 }");
        definition.Tags.Add(new Tag { Key = "a", Value = "1" });

        var decoded = TaskDefinitionCodec.Decode(TaskDefinitionCodec.Encode(definition));

        Assert.That(decoded, Is.EqualTo(definition));
    }

    [Test]
    public void A_tag_that_comes_twice_is_refused()
    {
        var definition = Definition();
        definition.Tags.Add(new Tag { Key = "a" });
        definition.Tags.Add(new Tag { Key = "a" });

        Assert.That(() => TaskDefinitionCodec.Encode(definition), Throws.ArgumentException);
    }

    [Test]
    public void Damaged_bytes_are_no_definition()
    {
        Assert.That(() => TaskDefinitionCodec.Decode([0x22, 0x05, 0x61]), Throws.TypeOf<InvalidDataException>());
    }

    [Test]
    public void Type_and_name_are_read_without_the_rest()
    {
        var encoded = TaskDefinitionCodec.Encode(Definition());

        var isRead = DefinitionHead.TryRead(encoded, out var type, out var name);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(isRead, Is.True);
            Assert.That(type, Is.EqualTo(TaskType.Periodic));
            Assert.That(name, Is.EqualTo("settle/1"));
            Assert.That(DefinitionHead.TypeOf(encoded), Is.EqualTo(type));
            Assert.That(DefinitionHead.NameOf(encoded), Is.EqualTo(name));
        }
    }

    [Test]
    public void A_name_that_is_no_UTF8_and_bytes_that_end_too_early_have_no_head()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(DefinitionHead.TryRead([0x22, 0x01, 0xff], out _, out _), Is.False);
            Assert.That(DefinitionHead.TryRead([0x22, 0x05, 0x61], out _, out _), Is.False);
        }
    }

    private static TaskDefinition Definition() => new()
    {
        Type = TaskType.Periodic,
        Format = "0 1 * * *",
        Timezone = "Asia/Shanghai",
        Name = "settle/1",
        Url = "http://127.0.0.1/settle",
        TimeoutMs = 30_000,
        MaxAttempts = 5,
    };
}
