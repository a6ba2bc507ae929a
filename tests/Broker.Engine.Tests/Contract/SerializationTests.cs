using System.Text;

namespace Broker.Engine.Tests.Contract;

public sealed class SerializationTests() : ContractTest("""
    akka.actor {
      serializers.words = "Broker.Engine.Tests.Contract.SerializationTests+WordSerializer, Broker.Engine.Tests"
      serialization-bindings {
        "Broker.Engine.Tests.Contract.SerializationTests+Word, Broker.Engine.Tests" = words
      }
    }
    """)
{
    [Fact]
    public void A_message_comes_back_from_its_bytes_by_serializer_and_manifest()
    {
        var serializer = Sys.Serialization.FindSerializerFor(new Word("hello"));
        var bytes = serializer.ToBinary(new Word("hello"));

        Assert.IsType<WordSerializer>(serializer);
        Assert.Equal(new Word("hello"), Sys.Serialization.Deserialize(bytes, serializer.Identifier, Serialization.ManifestFor(serializer, new Word("hello"))));
    }

    [Fact]
    public void Derived_types_are_bound_too() =>
        Assert.IsType<WordSerializer>(Sys.Serialization.FindSerializerForType(typeof(LoudWord)));

    [Fact]
    public void A_reference_comes_back_from_its_path()
    {
        var path = Serialization.SerializedActorPath(TestActor);

        Assert.Equal(TestActor, Sys.Serialization.DeserializeActorRef(path));
        Assert.Equal(TestActor, ((ExtendedActorSystem)Sys).Provider.ResolveActorRef(path));
    }

    [Fact]
    public void A_path_that_leads_nowhere_is_a_reference_to_nobody_alive()
    {
        var nobody = ((ExtendedActorSystem)Sys).Provider.ResolveActorRef(TestActor.Path.Parent + "/nobody");
        Watch(nobody);

        ExpectTerminated(nobody, Patience);
    }

    public record Word(string Text);

    public sealed record LoudWord(string Text) : Word(Text);

    public sealed class WordSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override int Identifier => 4711;

        public override string Manifest(object o) => "w";

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(((Word)obj).Text);

        public override object FromBinary(byte[] bytes, string manifest) => new Word(Encoding.UTF8.GetString(bytes));
    }
}
